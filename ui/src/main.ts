// Starts the page.

import { mount } from "svelte";
import App from "./App.svelte";
import { theme } from "./core/theme.svelte";
import { extend } from "./extensions/extensions";
import "./styles/page.css";
import "./styles/forms.css";
import "./styles/viewers.css";

theme.apply();
const target = document.getElementById("app");
if (!target) throw new Error("The page has no place to start in.");
// What other packages add is there before anything of it is looked for.
await extend();
mount(App, { target });
