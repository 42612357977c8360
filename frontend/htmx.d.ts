/** The events of HTMX that the scripts listen to. */

interface HtmxRequest {
  elt: HTMLElement;
  /** The event that made the request; a poll has none. */
  triggeringEvent?: Event;
}

interface DocumentEventMap {
  "htmx:beforeRequest": CustomEvent<{ elt: HTMLElement }>;
  "htmx:beforeSwap": CustomEvent<{ requestConfig: HtmxRequest; shouldSwap: boolean }>;
  "htmx:afterRequest": CustomEvent<{ requestConfig: HtmxRequest; xhr: XMLHttpRequest }>;
}
