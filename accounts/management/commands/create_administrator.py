"""Make the first administrator, or another one."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from accounts.models import User
from accounts.people import AddressTaken, add_person
from accounts.resets import LIFETIME, issue


class Command(BaseCommand):
    help = "Make an administrator. Without a password it prints a link to set one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"“{email}” is not an email address.") from None
        password = None
        if options["password_stdin"]:
            password = sys.stdin.readline().rstrip("\r\n")
            try:
                validate_password(password, User(email=email, name=options["name"]))
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from None
        try:
            user = add_person(email=email, name=options["name"], password=password, roles=["administrator"], actor=None)
        except AddressTaken as error:
            known = User.objects.filter(email=email, is_administrator=True, is_active=True).first()
            if known is None or known.has_usable_password() or password is not None:
                raise CommandError(f"{error} An administrator can give it the role on the people page.") from None
            # The first link ran out before it was used: whoever may run this command may have another.
            user = known
        self.stdout.write(f"{email} is an administrator now.")
        if user.is_administrator and settings.MFA_REQUIRED_FOR_ADMINISTRATORS:
            self.stdout.write("At the first sign-in a second step (an app or a passkey) is set up.")
        if password is None:
            minutes = LIFETIME.seconds // 60
            self.stdout.write(f"Set the password within {minutes} minutes: {issue(user=user, actor=None)}")
