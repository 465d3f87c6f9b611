"""Providers and models: made, changed, switched on and off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from aiconfig.keys import set_key
from aiconfig.models import AIModel, Provider
from aiconfig.outbound import AddressRules
from aiconfig.prices import Price, set_price, site_day
from courses.catalogue import change_lifecycle as step_lifecycle
from feedforward.errors import DomainError

PROVIDER_FIELDS = (
    "name",
    "kind",
    "base_url",
    "region_note",
    "max_concurrent",
    "requests_per_minute",
    "tokens_per_minute",
)
MODEL_FIELDS = (
    "name",
    "display_name",
    "context_tokens",
    "max_output_tokens",
    "temperature",
    "output_mode",
    "timeout_s",
    "offered_to_instructors",
)


class ProviderInvalid(DomainError):
    """A value cannot be taken; ``errors`` holds the sentences by field."""

    code = "provider_invalid"

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(" ".join(sentence for sentences in errors.values() for sentence in sentences))
        self.errors = {field: list(sentences) for field, sentences in errors.items()}
        self.field = next(iter(self.errors), None)


class ModelInvalid(ProviderInvalid):
    """A value of a model cannot be taken."""

    code = "model_invalid"


class NotReadyForUse(DomainError):
    """Something is missing before models can be called."""

    code = "not_ready_for_use"


def create_provider(
    *, actor: User, key: str = "", is_demo: bool = False, public_id: UUID | None = None, **fields: Any
) -> Provider:
    """Make a provider in state draft from ``PROVIDER_FIELDS``; ``key`` is stored encrypted.

    Raises :class:`ProviderInvalid`.
    """
    provider = Provider(is_demo=is_demo, public_id=public_id or uuid4())
    _fill(provider, fields, PROVIDER_FIELDS, ProviderInvalid)
    with transaction.atomic():
        provider.save()
        audit.record(actor=actor, code="provider.created", obj=provider)
        if key.strip():
            set_key(provider=provider, key=key, actor=actor)
    return provider


def update_provider(*, provider: Provider, actor: User, key: str = "", **fields: Any) -> Provider:
    """Change a provider; an empty ``key`` keeps the one that is stored.

    A stored key goes only to the server it was entered for: when the server changes, the key has to be entered
    again. Raises :class:`ProviderInvalid`.
    """
    with transaction.atomic():
        current = Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)
        if current.is_read_only:
            raise ProviderInvalid({"name": [_("This provider is archived, so it cannot be changed.")]})
        before = {name: getattr(current, name) for name in PROVIDER_FIELDS}
        _fill(current, fields, PROVIDER_FIELDS, ProviderInvalid)
        moved = (before["kind"], _server(before["base_url"])) != (current.kind, _server(current.base_url))
        if moved and current.api_key and not key.strip():
            raise ProviderInvalid(
                {
                    "base_url": [
                        _(
                            "The stored key was entered for another server. Enter the key for this one, or remove it first."
                        )
                    ]
                }
            )
        changed = [name for name in PROVIDER_FIELDS if getattr(current, name) != before[name]]
        if changed:
            # What was learnt about the old settings says nothing about the new ones.
            Provider.objects.filter(pk=current.pk).update(
                **{name: getattr(current, name) for name in changed},
                paused_until=None,
                probe_until=None,
                failures_in_row=0,
            )
            audit.record(actor=actor, code="provider.changed", obj=current, fields=changed)
        if key.strip():
            set_key(provider=current, key=key, actor=actor)
    provider.refresh_from_db()
    return provider


def create_model(
    *,
    provider: Provider,
    actor: User,
    public_id: UUID | None = None,
    price: Price | None = None,
    priced_from: date | None = None,
    **fields: Any,
) -> AIModel:
    """Make a model in state draft from ``MODEL_FIELDS``, with its first price where one is known.

    ``priced_from`` None: the price holds from today. Raises :class:`ModelInvalid`,
    :class:`aiconfig.prices.PriceInvalid`.
    """
    model = AIModel(provider=provider, public_id=public_id or uuid4())
    fields.setdefault("display_name", fields.get("name", ""))
    _fill(model, fields, MODEL_FIELDS, ModelInvalid)
    try:
        with transaction.atomic():
            if Provider.objects.select_for_update(no_key=True).get(pk=provider.pk).is_read_only:
                raise ModelInvalid({"name": [_("The provider is archived, so it takes no new models.")]})
            model.save()
            audit.record(actor=actor, code="model.created", obj=model)
            if price is not None:
                set_price(
                    model=model,
                    valid_from=priced_from or site_day(timezone.now()),
                    input_usd_per_million=price.input_usd_per_million,
                    output_usd_per_million=price.output_usd_per_million,
                    actor=actor,
                )
    except IntegrityError:
        raise _twice(model) from None
    return model


def update_model(*, model: AIModel, actor: User, **fields: Any) -> AIModel:
    """Change a model. Raises :class:`ModelInvalid`."""
    try:
        with transaction.atomic():
            current = AIModel.objects.select_for_update(no_key=True).get(pk=model.pk)
            if current.is_read_only:
                raise ModelInvalid({"name": [_("This model is archived, so it cannot be changed.")]})
            before = {name: getattr(current, name) for name in MODEL_FIELDS}
            _fill(current, fields, MODEL_FIELDS, ModelInvalid)
            changed = [name for name in MODEL_FIELDS if getattr(current, name) != before[name]]
            if changed:
                current.save(update_fields=changed)
                audit.record(actor=actor, code="model.changed", obj=current, fields=changed)
    except IntegrityError:
        raise _twice(model) from None
    model.refresh_from_db()
    return model


def change_lifecycle(*, obj: Provider | AIModel, action: str, actor: User) -> None:
    """Do one step of the life of a provider or model.

    Raises :class:`NotReadyForUse` when activating something that could not be called, and
    :class:`courses.catalogue.LifecycleRefused` when the step is not possible from the present state.
    """
    if action == "activate":
        provider = obj if isinstance(obj, Provider) else obj.provider
        if provider.kind in Provider.NEEDS_KEY and not provider.api_key:
            raise NotReadyForUse(_("%(name)s needs a key before it can be used.") % {"name": provider.name})
        if isinstance(obj, AIModel) and not provider.is_active:
            raise NotReadyForUse(_("Activate the provider %(name)s first.") % {"name": provider.name})
    step_lifecycle(obj=obj, action=action, actor=actor)


def address_rules() -> AddressRules:
    """Return where this site's settings let models be called."""
    return AddressRules(
        hosts=frozenset(host.lower() for host in settings.MODEL_HOSTS),
        allow_local=settings.ALLOW_LOCAL_MODEL_SERVERS,
    )


def _fill(obj: models.Model, fields: Mapping[str, Any], known: tuple[str, ...], invalid: type[ProviderInvalid]) -> None:
    """Set ``fields`` and refuse what cannot be taken."""
    unknown = set(fields) - set(known)
    if unknown:
        raise TypeError(f"not fields of {obj._meta.verbose_name}: {sorted(unknown)}")
    for name, value in fields.items():
        setattr(obj, name, value.strip() if isinstance(value, str) else value)
    errors: dict[str, list[str]] = {}
    try:
        obj.full_clean(exclude=["provider", "api_key", "base_url"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        errors = {field: list(sentences) for field, sentences in error.message_dict.items()}
    # Django's own check of addresses wants a dot in the name; servers beside us are called "ollama" or "vllm".
    if isinstance(obj, Provider) and (words := _address_words(obj)):
        errors["base_url"] = [words]
    if isinstance(obj, AIModel):
        for name in ("context_tokens", "max_output_tokens"):
            if name not in errors and not 1 <= getattr(obj, name) <= 10_000_000:
                errors[name] = [_("A number of tokens from 1 to 10,000,000.")]
    if errors:
        raise invalid(errors)


def _address_words(provider: Provider) -> str:
    """Return what is wrong with the base URL, "" when nothing is."""
    if not provider.base_url:
        if provider.kind in Provider.NEEDS_BASE_URL:
            return _("This kind of provider needs the address of its server, such as http://localhost:11434.")
        return ""
    if len(provider.base_url) > 300 or any(letter.isspace() for letter in provider.base_url):
        return _("This is not the address of a server.")
    try:
        parts = urlsplit(provider.base_url)
        parts.port  # noqa: B018  (reading it is what checks it)
    except ValueError:
        return _("This is not the address of a server.")
    if parts.query or parts.fragment:
        return _("The address ends with its path; leave out what follows ? or #.")
    return address_rules().check_url(provider.base_url)


def _server(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port


def _twice(model: AIModel) -> ModelInvalid:
    return ModelInvalid({"name": [_("This provider already has the model “%(name)s”.") % {"name": model.name}]})
