// The CSRF token of this page, and POST requests that carry it.

/** The token: from a form of the page, else from the cookie named in the head. */
export function csrfToken() {
  const field = document.querySelector('input[name="csrfmiddlewaretoken"]');
  if (field?.value) return field.value;
  const name = document.querySelector('meta[name="csrf-cookie"]')?.content || "csrftoken";
  const pair = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return pair ? decodeURIComponent(pair.slice(name.length + 1)) : "";
}

/** POST data (an object or FormData) to url as a form would. Rejects only when there is no connection. */
export function postForm(url, data = {}, options = {}) {
  const body = data instanceof FormData ? data : new URLSearchParams(data);
  return fetch(url, {
    method: "POST",
    body,
    credentials: "same-origin",
    ...options,
    headers: { "X-CSRFToken": csrfToken(), "X-Requested-With": "XMLHttpRequest", ...options.headers },
  });
}
