/** The events of HTMX that the scripts listen to. */

interface HtmxRequest {
  elt: HTMLElement;
  /** The event that made the request; a poll has none. */
  triggeringEvent?: Event;
}

/** A request with the element that its answer changes. */
interface HtmxSent {
  elt: HTMLElement;
  requestConfig: HtmxRequest;
  target: Element;
  xhr: XMLHttpRequest;
}

interface HtmxExtension {
  isInlineSwap(style: string): boolean;
  /** Returns the new nodes, or false where the extension does not know `style`. */
  handleSwap(style: string, target: Element, fragment: DocumentFragment): unknown;
}

interface HtmxOptions {
  target: Element | string;
  swap: string;
  values?: Record<string, string>;
}

declare const htmx: {
  defineExtension(name: string, extension: HtmxExtension): void;
  ajax(verb: string, path: string, options: HtmxOptions): Promise<void>;
};

interface DocumentEventMap {
  "htmx:beforeRequest": CustomEvent<HtmxSent>;
  "htmx:beforeSend": CustomEvent<HtmxSent>;
  "htmx:beforeSwap": CustomEvent<HtmxSent & { shouldSwap: boolean }>;
  "htmx:afterSwap": CustomEvent<{ elt: HTMLElement }>;
  "htmx:afterRequest": CustomEvent<{ requestConfig: HtmxRequest; xhr: XMLHttpRequest }>;
}
