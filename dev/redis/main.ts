// `npm run redis`: a global Redis database in small, for the service on this machine. Runs until Ctrl-C; keeps nothing.
import { parseArgs } from "node:util";
import { startLocalRedis } from "./local-redis.ts";

const USAGE = `npm run redis [-- --delay MS] [--port N]

  --delay MS   milliseconds that the replica lags behind the primary (default 0)
  --port N     port of the primary's interface, N + 1 is the replica's (default 8379)
`;

/** @throws when the text is not a whole number up to the limit */
function parseNumber(name: string, text: string, max: number): number {
	const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
	if (!(value <= max)) throw new Error(`--${name} wants a whole number up to ${max}\n  fix: npm run redis -- --help`);
	return value;
}

async function serve(): Promise<void> {
	const { values } = parseArgs({
		options: {
			delay: { type: "string", default: "0" },
			port: { type: "string", default: "8379" },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) return void process.stdout.write(USAGE);
	const delayMs = parseNumber("delay", values.delay, 600_000);
	const redis = await startLocalRedis({ delayMs, port: parseNumber("port", values.port, 65_534) });
	process.stdout.write(`primary   url ${redis.primary.url}   redis-cli -s ${redis.primary.socketPath}
replica   url ${redis.replica.url}   redis-cli -s ${redis.replica.socketPath}
token     ${redis.primary.token}
read only ${redis.primary.readOnlyToken}
The replica lags ${delayMs} ms behind. Ctrl-C ends both; nothing is kept.
`);
	await untilAskedToEnd();
	await redis.stop();
}

/** A shell that npm put in between does not pass signals on: its end has to be noticed. */
function untilAskedToEnd(): Promise<void> {
	return new Promise((resolve) => {
		for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
		const parent = process.ppid;
		setInterval(
			() => process.env["npm_lifecycle_event"] !== undefined && process.ppid !== parent && resolve(),
			1_000,
		).unref();
	});
}

try {
	await serve();
} catch (error) {
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
