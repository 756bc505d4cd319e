// Light, dark, or as the system has it; chosen once a browser, and kept in it.

export type Theme = "system" | "light" | "dark";
export const THEMES: Theme[] = ["system", "light", "dark"];

const NAME = "labelwright theme";

class ThemeState {
  #value = $state<Theme>(kept());

  get value(): Theme {
    return this.#value;
  }

  set value(theme: Theme) {
    this.#value = theme;
    this.apply();
    try {
      localStorage.setItem(NAME, theme);
    } catch {
      // Then it lasts as long as the page does.
    }
  }

  /** Give the page its colors; style.css does the rest by `light-dark()`. */
  apply(): void {
    if (this.#value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.#value;
  }
}

function kept(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(NAME)) ?? "system";
  } catch {
    return "system";
  }
}

export const theme = new ThemeState();
