// Keeps the page of a door at hand, so that it opens again without a network. Nothing else of this
// site is ever kept: no other page, no message, no balance. See docs/decisions about the door.

const KEPT = "door";
const DOOR = /\/sessions\/[0-9a-f-]{36}\/door$/;
const ASSET = /^\/assets\//;
const PATIENCE = 4000;
const DAY = 24 * 60 * 60 * 1000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate" && DOOR.test(address.pathname) && !address.search) {
    event.respondWith(page(request, address.pathname));
  } else if (ASSET.test(address.pathname)) {
    event.respondWith(asset(request));
  }
});

// The newest page if the network brings it soon, else the one that was kept.
async function page(request, path) {
  const kept = await caches.open(KEPT);
  const there = await fresh(kept, path);
  const answer = fetch(request).then(async (response) => {
    if (response.ok && !response.redirected) await keep(kept, path, response.clone());
    // Signed out, or no longer theirs: nobody else finds the names on this device.
    else if (response.status < 500) await kept.delete(path);
    return response;
  });
  if (!there) return answer;
  return Promise.race([answer.catch(() => there), later(there)]);
}

async function keep(kept, path, response) {
  await kept.put(path, response);
  await kept.put(`${path}?kept`, new Response(Date.now()));
}

// By the clock of this device alone: it may be wrong, and then the server's would say nothing.
async function fresh(kept, path) {
  const [there, since] = [await kept.match(path), await kept.match(`${path}?kept`)];
  if (there && since && Date.now() - Number(await since.text()) < DAY) return there;
  await kept.delete(path);
  return undefined;
}

function later(response) {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE, response));
}

// Under its name an asset never changes, so whatever is kept of it is right.
async function asset(request) {
  const there = await caches.match(request, { ignoreVary: true });
  return there || fetch(request);
}
