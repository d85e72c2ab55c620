// What `parapet/client` of the package is, under any Node from 20 on.
import "./older-node.ts";

export * from "../../cli/firewall/client.ts";
