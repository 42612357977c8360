/** The events of HTMX that the scripts listen to. */

interface HtmxRequest {
  elt: HTMLElement;
  /** The event that made the request; a poll has none. */
  triggeringEvent?: Event;
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
  "htmx:beforeRequest": CustomEvent<{ elt: HTMLElement }>;
  "htmx:beforeSwap": CustomEvent<{ requestConfig: HtmxRequest; shouldSwap: boolean; xhr: XMLHttpRequest }>;
  "htmx:afterSwap": CustomEvent<{ elt: HTMLElement }>;
  "htmx:afterRequest": CustomEvent<{ requestConfig: HtmxRequest; xhr: XMLHttpRequest }>;
}
