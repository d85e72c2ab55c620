// What the packed `parapet` starts with, under any Node from 20 on.
import "./older-node.ts";
import { runProcess } from "../../cli/process.ts";

void runProcess();
