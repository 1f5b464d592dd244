// Everything here works without this file too, with a form or a reload for each step.
"use strict";

const boxes = () => [...document.querySelectorAll("input[name=guest_stay]")];

function showCount() {
  const count = document.querySelector("[data-count]");
  if (!count) return;
  const chosen = boxes().filter((box) => box.checked).length;
  count.textContent = chosen === 0 ? "Nobody is chosen" : chosen === 1 ? "1 guest is chosen" : `${chosen} guests are chosen`;
}

function choose(event) {
  const link = event.target.closest("[data-choose]");
  if (!link) return;
  event.preventDefault();
  for (const box of boxes()) box.checked = link.dataset.choose === "settled" && "settled" in box.dataset;
  showCount();
}

function answerOf(message) {
  if (message.name === "GuestCheckoutCompletionRecorded") return ["completed", "checked out"];
  if (message.name !== "GuestCheckoutFailureRecorded") return null;
  const reasons = { BalanceNotSettled: "the balance is not settled", NotOpened: "the stay is not open" };
  return ["failed", `could not check out: ${reasons[message.payload.reason] ?? message.payload.reason}`];
}

class LiveCheckout {
  constructor(element) {
    this.element = element;
    this.rows = new Map([...element.querySelectorAll("[data-stay]")].map((row) => [row.dataset.stay, row]));
    this.waiting = [];
    this.isQuiet = false;
    // Answers come within milliseconds; this lets the eye follow them.
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const longest = 2500;
    this.pause = Math.max(16, Math.min(150, longest / this.rows.size));
    this.answersPerStep = isCalm ? Infinity : Math.ceil((this.rows.size * this.pause) / longest);
  }

  forget() {
    for (const row of this.rows.values()) this.write(row, "pending", "asked, no answer yet");
    this.element.querySelector("#outcome").replaceChildren();
    this.showProgress();
  }

  follow() {
    const source = new EventSource(`/api/processes/${this.element.dataset.process}/events`);
    source.addEventListener("message", (event) => this.waiting.push(JSON.parse(event.data)));
    source.addEventListener("quiet", (event) => {
      source.close();
      this.isQuiet = true;
      this.parked = JSON.parse(event.data).parked;
    });
    this.timer = setInterval(() => this.step(), this.pause);
  }

  step() {
    let taken = 0;
    while (this.waiting.length > 0) {
      if (taken >= this.answersPerStep) return;
      if (this.take(this.waiting.shift())) taken += 1;
    }
    if (taken > 0) return;
    if (!this.isQuiet) return;
    clearInterval(this.timer);
    this.showOutcome();
  }

  take(message) {
    const answer = answerOf(message);
    const row = answer && this.rows.get(message.payload.guest_stay);
    if (!row || row.dataset.answer === answer[0]) return false;
    this.write(row, ...answer);
    this.showProgress();
    const [room, guest] = [".room", ".guest"].map((it) => row.querySelector(it).textContent);
    // A screen reader can follow a small group; of a large one only the failures matter.
    if (this.rows.size <= 50 || answer[0] === "failed") this.announce(`Room ${room}, ${guest}: ${answer[1]}`);
    return true;
  }

  write(row, answer, words) {
    row.dataset.answer = answer;
    row.querySelector("[data-words]").textContent = words;
  }

  showProgress() {
    const answered = [...this.rows.values()].filter((row) => row.dataset.answer !== "pending").length;
    this.element.querySelector("progress").value = answered;
    this.element.querySelector("[data-answered]").textContent = answered;
  }

  announce(words) {
    const line = document.createElement("p");
    line.textContent = words;
    this.element.querySelector("[data-announcements]").append(line);
  }

  async showOutcome() {
    if (this.parked > 0) this.announce("The checkout is stuck: a message is parked, and an operator has to look at it.");
    const response = await fetch(location.pathname);
    if (!response.ok) return location.reload();
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    this.element.querySelector("#outcome").replaceChildren(...page.querySelector("#outcome").childNodes);
    this.element.dataset.shown = "";
    // Who has not answered in time has no message of its own.
    for (const row of page.querySelectorAll("[data-stay]")) {
      const words = row.querySelector("[data-words]").textContent;
      this.write(this.rows.get(row.dataset.stay), row.dataset.answer, words);
    }
    const { ended, deadline } = page.querySelector("#checkout").dataset;
    if (ended === undefined && deadline) this.comeBackAt(Date.parse(deadline));
  }

  // Nothing is on the way, but when time is up the group ends. A browser takes no longer waits than some weeks.
  comeBackAt(deadline) {
    const wait = Math.min(Math.max(deadline - Date.now(), 500), 2 ** 31 - 1);
    setTimeout(() => location.reload(), wait);
  }
}

document.addEventListener("click", choose);
document.addEventListener("change", showCount);
showCount();

const checkout = document.querySelector("#checkout");
if (checkout) {
  const live = new LiveCheckout(checkout);
  const isNew = location.hash === "#live";
  if (isNew) {
    // A reload shows how it stands, and does not play it again.
    history.replaceState(null, "", location.pathname);
    live.forget();
  }
  if (isNew || !("ended" in checkout.dataset)) live.follow();
}
