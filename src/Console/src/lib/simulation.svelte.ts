import { explain, get, post, remove } from "./api";
import type { Simulation } from "./types";

const refreshMilliseconds = 10_000;

/** The simulated home of the broker, as all pages show it. */
class SimulatedHome {
  state = $state<Simulation | null>(null);
  isBusy = $state(false);
  problem = $state("");
  isRunning = $derived(this.state?.is_running ?? false);

  /** Looks now and then, until what is returned is called. */
  use(): () => void {
    void this.load();
    const timer = setInterval(() => !document.hidden && void this.load(), refreshMilliseconds);
    return () => clearInterval(timer);
  }

  async load(): Promise<void> {
    // Whether it runs is an aside: what is wrong with the broker is told elsewhere.
    if (!this.isBusy) this.state = await get<Simulation>("/simulation").catch(() => this.state);
  }

  start(): Promise<void> {
    return this.change(async () => (this.state = await post<Simulation>("/simulation")));
  }

  stop(): Promise<void> {
    return this.change(async () => {
      await remove("/simulation");
      this.state = { is_running: false };
    });
  }

  private async change(action: () => Promise<unknown>): Promise<void> {
    this.isBusy = true;
    this.problem = "";
    try {
      await action();
    } catch (error) {
      this.problem = explain(error);
    } finally {
      this.isBusy = false;
    }
  }
}

export const simulation = new SimulatedHome();
