// Starts the page.

import { mount } from "svelte";
import App from "./App.svelte";
import { theme } from "./core/theme.svelte";
import "./styles/page.css";
import "./styles/viewers.css";

theme.apply();
const target = document.getElementById("app");
if (!target) throw new Error("The page has no place to start in.");
mount(App, { target });
