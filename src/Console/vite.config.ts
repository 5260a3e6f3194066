import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: process.env.CONSOLE_OUT ?? "obj/dist",
    emptyOutDir: true,
    // The Content-Security-Policy lets nothing inline run, and no data: scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    // What the libraries inside ask for.
    license: { fileName: "licenses.md" },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 600,
  },
  // While developing: `npm run dev` beside a broker on its usual port.
  server: { proxy: { "/api": "http://127.0.0.1:18083" } },
});
