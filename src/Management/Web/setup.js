"use strict";

// The token stands behind the #, which browsers send to nobody. It goes from the address line at once.
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
const form = document.getElementById("setup");
const answer = document.getElementById("answer");

if (token === "") {
  answer.textContent = "The link is not whole: take it from the broker's log, with all that stands behind the #.";
  form.hidden = true;
}

form.addEventListener("submit", async event => {
  event.preventDefault();
  const [name, password, again] = ["name", "password", "again"].map(field => form.elements[field].value);
  if (password !== again) {
    answer.textContent = "The two passwords differ.";
    return;
  }

  try {
    const response = await fetch("/api/v1/setup", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Avocet-Console": "1" },
      body: JSON.stringify({ token, name, password }),
    });
    const body = await response.json();
    form.hidden = response.ok;
    answer.textContent = response.ok ? `User ${body.name} is made, and logged in here.` : body.detail;
  } catch {
    answer.textContent = "The broker does not answer.";
  }
});
