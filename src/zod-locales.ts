// In place of zod's messages in fifty languages, of which the service speaks one: a ninth of what a Worker loads as it starts. wrangler.toml
// puts it there ([alias]).
export { default as en } from "zod/v4/locales/en.js";
