// Every fault that the tests are asked about.
import type { FileEdits } from "../edit.ts";
import { STORAGE } from "./storage.ts";

export const ALL_EDITS: readonly FileEdits[] = [...STORAGE];
