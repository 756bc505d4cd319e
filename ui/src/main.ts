// Starts the page.

import { mount } from "svelte";
import App from "./App.svelte";
import "./styles/page.css";
import "./styles/panes.css";

const target = document.getElementById("app");
if (!target) throw new Error("The page has no place to start in.");
mount(App, { target });
