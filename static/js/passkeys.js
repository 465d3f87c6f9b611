// Passkeys: what went wrong is said on the page, in the words the page brings (data-passkeys), not in the console.
document.addEventListener("allauth.error", (event) => {
  const box = document.querySelector("[data-passkeys]");
  const { exception, tags } = event.detail ?? {};
  if (!box || !tags?.includes("webauthn")) return;
  event.preventDefault();
  const words = {
    NotAllowedError: box.dataset.refused,
    InvalidStateError: box.dataset.known,
    SecurityError: box.dataset.address,
    NotSupportedError: box.dataset.unsupported,
  };
  // What else may go wrong stands there already, and again after another try.
  const said = box.querySelector("p");
  box.dataset.failed ??= said.textContent;
  said.textContent = words[exception?.name] ?? box.dataset.failed;
  box.hidden = false;
});

// Offered only where there can be passkeys; without JavaScript nobody sees the button.
if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("[data-with-passkeys]")) form.hidden = false;
}
