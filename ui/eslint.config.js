// What the page's code is checked for, beside its types. How it is laid out is Prettier's.

import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import { defineConfig } from "eslint/config";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

/** Folders of the page that one of them may not import from: imports flow down. */
const above = (folder, ...folders) => ({
  files: [`src/${folder}/**`],
  rules: { "no-restricted-imports": ["error", { patterns: folders.map((one) => ({ regex: `^(\\.\\./)+${one}(/|$)` })) }] },
});

export default defineConfig(
  { ignores: ["node_modules", "src/core/server.ts", "src/core/figures.ts"] },
  js.configs.recommended,
  ts.configs.recommended,
  svelte.configs.recommended,
  svelte.configs.prettier,
  { languageOptions: { globals: { ...globals.browser } } },
  {
    rules: {
      // What is left out of an object on purpose is named _.
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true }],
      // State is held raw and replaced, never changed in place: thousands of marks would be slow otherwise.
      "svelte/prefer-svelte-reactivity": "off",
      // A space at the end of an element has to be written so.
      "svelte/no-useless-mustaches": "off",
    },
  },
  above("core", "components", "viewers", "kinds", "keys", "queue", "label", "pages"),
  above("components", "viewers", "kinds", "keys", "queue", "label", "pages"),
  above("viewers", "kinds", "queue", "label", "pages"),
  above("kinds", "queue", "label", "pages"),
  above("keys", "queue", "label", "pages"),
  above("queue", "pages"),
  above("label", "pages"),
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig } },
  },
);
