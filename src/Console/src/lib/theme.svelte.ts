export type Choice = "auto" | "light" | "dark";

const dark = matchMedia("(prefers-color-scheme: dark)");
const key = "avocet.theme";

function stored(): Choice {
  try {
    const text = localStorage.getItem(key);
    return text === "light" || text === "dark" ? text : "auto";
  } catch {
    return "auto";
  }
}

/** Dark or light: what the system says, unless a person chose. */
class Theme {
  choice = $state<Choice>(stored());
  systemIsDark = $state(dark.matches);
  isDark = $derived(this.choice === "dark" || (this.choice === "auto" && this.systemIsDark));

  constructor() {
    dark.addEventListener("change", event => (this.systemIsDark = event.matches));
  }

  apply(): void {
    document.documentElement.dataset["theme"] = this.isDark ? "dark" : "light";
  }

  toggle(): void {
    this.choice = this.isDark ? "light" : "dark";
    try {
      localStorage.setItem(key, this.choice);
    } catch {
      // Then it holds for this visit.
    }
  }
}

export const theme = new Theme();
