// Api: the gateway's admin API. The token goes into the Authorization field and nowhere else.

const KEPT = "ragfront.token"; // in sessionStorage: gone with the tab

/** What the API says is wrong. errors: [{pointer or parameter, detail}]. status 0: there was no answer. */
export class Problem extends Error {
  constructor(status, detail, errors = []) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

/** Why a text cannot be a token; "" where it can. */
export function unfit(token) {
  if (!token) return "Type the token of the admin listener.";
  return /^[!-~]+$/.test(token) ? "" : "A token is made of visible ASCII characters, without blanks.";
}

export class Api {
  constructor() {
    this.token = sessionStorage.getItem(KEPT) ?? "";
    this.rejected = () => {};
  }

  keep(token) {
    this.token = token;
    if (token) sessionStorage.setItem(KEPT, token);
    else sessionStorage.removeItem(KEPT);
  }

  async get(path) {
    return (await this.ask("GET", path)).body;
  }

  async post(path, body = {}) {
    return (await this.ask("POST", path, body)).body;
  }

  /** {status, body, etag}; Problem. path: relative to /admin/. lines: the body as it is sent, instead of JSON. */
  async ask(method, path, body, { etag, lines } = {}) {
    const headers = {};
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    if (etag) headers["If-Match"] = etag;
    if (lines !== undefined) headers["Content-Type"] = "application/x-ndjson";
    else if (body !== undefined) headers["Content-Type"] = "application/json";
    const sent = lines ?? (body === undefined ? undefined : JSON.stringify(body));
    let answer;
    let said;
    try {
      answer = await fetch(path, { method, headers, body: sent, cache: "no-store", credentials: "omit" });
      said = await answer.text();
    } catch {
      throw new Problem(0, "The gateway does not answer.");
    }
    const told = parsed(said);
    if (answer.ok && told !== undefined) return { status: answer.status, body: told, etag: answer.headers.get("ETag") };
    if (answer.status === 401) this.rejected();
    throw new Problem(answer.status, told?.detail || told?.title || `The answer was ${answer.status}.`, told?.errors);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const part = encodeURIComponent;
