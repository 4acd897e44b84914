// The door of a session on a tablet: every tap is written down on the device first, counted at
// once, and sent when there is a network. Without this script the same page works by its forms.

const door = document.getElementById("door");
const words = (name, number) => door.dataset[name].replace("{n}", number);
const RETRY_FIRST = 1000;
const RETRY_LAST = 15000;
const AT_ONCE = 40;
const REFUSED = { 403: "signin", 404: "notyours" };

// ------------------------------------------------------------------ what waits on this device

const store = new Promise((resolve, reject) => {
  const opening = indexedDB.open("timebank-door", 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("taps", { keyPath: "order", autoIncrement: true });
  };
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
});

async function taps(mode, work) {
  const kept = (await store).transaction("taps", mode);
  const asked = work(kept.objectStore("taps"));
  return new Promise((resolve, reject) => {
    kept.oncomplete = () => resolve(asked && asked.result);
    kept.onerror = kept.onabort = () => reject(kept.error);
  });
}

const everyTap = () => taps("readonly", (kept) => kept.getAll());
const waiting = async () => (await everyTap()).filter((tap) => tap.at === door.dataset.session);
const forget = (orders) =>
  taps("readwrite", (kept) => orders.forEach((order) => kept.delete(order)));

async function tap(what) {
  // No names and no words: whoever finds the device learns nothing from it.
  const key = crypto.randomUUID ? crypto.randomUUID() : fallbackKey();
  await taps("readwrite", (kept) => kept.add({ at: door.dataset.session, key, ...what }));
  await show();
  send();
}

// On a plain http address of a local network browsers have no randomUUID.
function fallbackKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// ------------------------------------------------------------------------------ what is shown

const counted = {
  contacts: Number(door.dataset.contacts),
  tallied: Number(door.dataset.tallied),
};
let state = "";
let late = 0;

async function show() {
  const open = await waiting();
  let { contacts, tallied } = counted;
  const there = new Map();
  for (const each of open) {
    if (each.kind === "count") {
      contacts += each.number;
      tallied += each.number;
    } else {
      there.set(each.member, each.kind === "in");
    }
  }
  for (const row of document.querySelectorAll("[data-member]")) {
    const wasThere = row.dataset.there === "yes";
    const isThere = there.get(row.dataset.member) ?? wasThere;
    if (isThere !== wasThere) contacts += isThere ? 1 : -1;
    row.classList.toggle("is-there", isThere);
    row.querySelector("[data-in]").hidden = isThere;
    for (const each of row.querySelectorAll("[data-out], [data-out-words]")) each.hidden = !isThere;
  }
  document.getElementById("door-contacts").textContent = contacts;
  document.getElementById("door-tallied").textContent = tallied;
  document.getElementById("door-minus").disabled = tallied < 1;
  showState(open.length);
  flag((await everyTap()).length);
}

function showState(number) {
  const bar = document.getElementById("door-state");
  bar.hidden = false;
  const said = [];
  if (number) said.push(words("waiting", number));
  if (number && state) said.push(words(state, number));
  if (!number && navigator.onLine) said.push(words("sent", 0));
  if (!navigator.onLine) said.push(words("offline", number));
  if (late) said.push(words("late", late));
  bar.querySelector("span").textContent = said.join(" ");
  bar.dataset.state = number ? "waiting" : "sent";
  document.getElementById("door-sign-in").hidden = !(number && state === "signin");
}

// Signing out empties the device, but for this: the server then leaves what waits alone.
function flag(number) {
  const age = number ? 14 * 24 * 60 * 60 : 0;
  document.cookie = `door_waiting=${number ? 1 : 0}; path=/; samesite=lax; max-age=${age}`;
}

function say(text) {
  document.getElementById("door-said").textContent = text;
}

// ----------------------------------------------------------------------------------- sending

let sending = false;
let again = false;
let pause = RETRY_FIRST;
let next;

async function send() {
  // A tap that comes while others are on their way is sent right after them.
  again = sending;
  if (sending) return;
  sending = true;
  clearTimeout(next);
  try {
    let open = await waiting();
    while (open.length && (await sendSome(open.slice(0, AT_ONCE)))) {
      pause = RETRY_FIRST;
      open = await waiting();
    }
    if (open.length) {
      // Soon at first, then less often: a network that comes back is found within a moment.
      next = setTimeout(send, pause);
      pause = Math.min(2 * pause, RETRY_LAST);
    }
  } finally {
    sending = false;
    await show();
  }
  if (again) send();
}

async function sendSome(some) {
  const answer = await ask(some);
  if (!answer) return false;
  state = "";
  const done = new Map(answer.answers.map((each) => [each.key, each]));
  const gone = some.filter((each) => done.has(each.key));
  await forget(gone.map((each) => each.order));
  for (const each of gone) settle(each, done.get(each.key));
  counted.contacts = answer.contacts;
  counted.tallied = answer.tallied;
  return gone.length > 0;
}

function settle(each, done) {
  const row = document.querySelector(`[data-member="${each.member}"]`);
  if (done.answer === "late") late += 1;
  if (done.answer === "done" || done.answer === "late") {
    if (row) row.dataset.there = each.kind === "in" ? "yes" : "no";
    if (row && each.kind === "in") delete row.dataset.rules;
    return;
  }
  if (done.answer === "rules" && row) {
    row.dataset.rules = done.version;
    askRules(row);
    return;
  }
  say(done.words);
}

async function ask(some) {
  let response;
  try {
    response = await post(some);
    // A page that was kept, or a second sign-in, may hold a token that is over.
    if (response.status === 400) {
      response = await newToken();
      if (response.ok) response = await post(some);
    }
  } catch {
    state = "";
    return undefined;
  }
  if (response.ok) return response.json();
  state = response.type === "opaqueredirect" ? "signin" : REFUSED[response.status] || "later";
  return undefined;
}

function post(some) {
  const sent = some.map(({ order, at, ...each }) => each);
  return fetch(door.dataset.taps, {
    method: "POST",
    redirect: "manual",
    headers: { "Content-Type": "application/json", "X-CSRFToken": door.dataset.token },
    body: JSON.stringify({ taps: sent }),
  });
}

async function newToken() {
  const response = await fetch(door.dataset.taps, { redirect: "manual" });
  if (response.ok) door.dataset.token = (await response.clone().json()).token;
  return response;
}

// -------------------------------------------------------------------------------- the buttons

function askRules(row) {
  const asking = document.getElementById("door-rules");
  asking.querySelector("[data-who]").textContent = row.dataset.name;
  asking.hidden = false;
  asking.dataset.whose = row.dataset.member;
  asking.dataset.version = row.dataset.rules;
  asking.querySelector("button").focus();
}

function comeIn(row) {
  if (row.dataset.rules) askRules(row);
  else tap({ kind: "in", member: row.dataset.member });
}

const first = document.getElementById("door-first");

document.addEventListener("submit", (event) => {
  const kind = event.target.dataset.tap;
  if (!kind) return;
  event.preventDefault();
  say("");
  const pressed = event.submitter;
  if (kind === "count") {
    tap({ kind, number: Number(pressed?.value ?? 1), first: first.checked ? 1 : 0 });
    first.checked = false;
    return;
  }
  const row = pressed.closest("[data-member]");
  if (pressed.name === "in") comeIn(row);
  else tap({ kind: "out", member: row.dataset.member });
});

document.getElementById("door-rules")?.addEventListener("click", (event) => {
  const asking = event.currentTarget;
  const answer = event.target.closest("[data-heard]");
  if (!answer) return;
  asking.hidden = true;
  if (answer.dataset.heard !== "yes") return;
  const { whose, version } = asking.dataset;
  tap({ kind: "in", member: whose, heard: Number(version) });
});

// ------------------------------------------------------------------------- search as you type

const search = document.getElementById("door-q");
let asked = 0;

search?.addEventListener("input", async () => {
  const text = search.value.trim();
  asked += 1;
  const mine = asked;
  narrow(text);
  if (!text || !navigator.onLine) return;
  try {
    const response = await fetch(`${door.dataset.people}?q=${encodeURIComponent(text)}`);
    const found = response.ok ? await response.json() : { people: [] };
    if (mine === asked) addRows(found.people);
  } catch {
    // Without a network those on the page are found.
  }
});

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function narrow(text) {
  for (const row of document.querySelectorAll("[data-member]")) {
    row.hidden = Boolean(text) && !plain(row.dataset.find).includes(plain(text));
  }
}

function addRows(people) {
  const list = document.getElementById("door-people");
  for (const person of people) {
    if (document.querySelector(`[data-member="${person.id}"]`)) continue;
    const row = document.getElementById("door-row").content.firstElementChild.cloneNode(true);
    Object.assign(row.dataset, {
      member: person.id,
      name: person.name,
      find: person.find,
      there: person.there ? "yes" : "no",
    });
    if (person.rules) row.dataset.rules = person.rules;
    for (const place of row.querySelectorAll("[data-name-here]")) place.textContent = person.name;
    row.querySelector("[data-note-here]").textContent = person.note;
    list.append(row);
  }
  narrow(search.value.trim());
  show();
}

// ----------------------------------------------------------------------------- without network

async function keepThisPage() {
  if (!navigator.serviceWorker || door.dataset.open !== "yes") return;
  await navigator.serviceWorker.register(door.dataset.worker, { scope: door.dataset.scope });
  await navigator.serviceWorker.ready;
  const kept = await caches.open("door");
  const assets = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src]")]
    .map((each) => each.href || each.src);
  const icons = [...document.querySelectorAll("use")].map(
    (each) => new URL(each.getAttribute("href"), location.href).href.split("#")[0],
  );
  await kept.addAll([...new Set([...assets, ...icons])]);
  // After a mistake the address of this page is that of a form, and not the door's.
  const path = door.dataset.page;
  const page = await fetch(path, { redirect: "manual" });
  if (!page.ok) return;
  await kept.put(path, page);
  await kept.put(`${path}?kept`, new Response(Date.now()));
}

window.addEventListener("online", () => {
  pause = RETRY_FIRST;
  send();
});
window.addEventListener("offline", show);
show().then(send);
keepThisPage().catch(() => {});
