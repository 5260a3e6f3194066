import { ApiProblem, explain, get, onLoggedOut, post } from "./api";
import type { Me, Scope } from "./types";

const order: Scope[] = ["read", "operate", "admin"];

/** Who is logged in. */
class Session {
  me = $state<Me | null>(null);
  isKnown = $state(false);
  isSetupNeeded = $state(false);
  problem = $state<string | null>(null);

  constructor() {
    onLoggedOut(() => (this.me = null));
  }

  may(scope: Scope): boolean {
    return this.me !== null && order.indexOf(this.me.scope) >= order.indexOf(scope);
  }

  async load(): Promise<void> {
    this.problem = null;
    try {
      this.me = await get<Me>("/me");
    } catch (error) {
      this.me = null;
      if (!(error instanceof ApiProblem) || error.status !== 401) this.problem = explain(error);
    }

    if (!this.me && !this.problem) {
      this.isSetupNeeded = await get<{ is_needed: boolean }>("/setup").then(
        setup => setup.is_needed,
        () => false,
      );
    }
    this.isKnown = true;
  }

  async logIn(name: string, password: string): Promise<void> {
    this.me = await post<Me>("/login", { name, password });
  }

  async setUp(token: string, name: string, password: string): Promise<void> {
    this.me = await post<Me>("/setup", { token, name, password });
    this.isSetupNeeded = false;
  }

  async logOut(): Promise<void> {
    await post("/logout").catch(() => undefined);
    this.me = null;
  }
}

export const session = new Session();
