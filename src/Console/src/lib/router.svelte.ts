/** Where the page is. Names of clients and topics stand in the query, for they may have any characters. */
class Route {
  path = $state(location.pathname);
  query = $state(new URLSearchParams(location.search));

  read(): void {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }
}

export const route = new Route();

export function go(url: string, replace = false): void {
  if (replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  const moved = url.split("?")[0] !== route.path;
  route.read();
  if (moved) document.getElementById("content")?.scrollTo(0, 0);
}

export function link(path: string, query: Record<string, string>): string {
  return `${path}?${new URLSearchParams(query)}`;
}

/** Lets links to our own pages draw the other page instead of loading it. */
export function startRouter(): void {
  addEventListener("popstate", () => route.read());
  addEventListener("click", event => {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const anchor = (event.target as Element).closest("a");
    if (!anchor || anchor.origin !== location.origin || anchor.target || anchor.hasAttribute("download") || anchor.pathname.startsWith("/api/") || anchor.hash) return;
    event.preventDefault();
    go(anchor.pathname + anchor.search);
  });
}
