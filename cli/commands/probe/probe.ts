// `parapet probe …`: makes the synthetic firewall as which the service asks itself, and shows what came of that.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { type OperatorContext, runAsOperator } from "../../command-line/run-as.ts";
import { CliError } from "../../errors.ts";
import { writeAtomically } from "../../files/atomic-file.ts";
import { clearAccount, createAccount, licenseFor } from "../../synthetic/account.ts";
import type { Surroundings } from "../../terminal/output.ts";

const ACCOUNT = "Parapet probe";
/** Whoever replaces the firewall replaces its license. */
const LICENSE_DAYS = 3_650;
const MODEL = "parapet-probe";
const DEFAULT_FILE = "probe-device.json";

export function defineProbe(probe: Command, surroundings: Surroundings): void {
	const create = probe
		.command("create")
		.description(
			"make the firewall; what is written is the secret PROBE_DEVICE. Made again it takes the place of the first",
		)
		.option("--out <file>", `where its secret is written (default ${DEFAULT_FILE})`);
	runAsOperator(create, surroundings, { out: z.string().default(DEFAULT_FILE) }, createProbe);

	const show = probe.command("show").description("what came of the last one; ends with 1 while it fails");
	runAsOperator(show, surroundings, {}, async ({ api, output }) => {
		const { status } = await import("../doctor/findings.ts");
		const { probe: last } = await api.call("GET", "/v1/status", "could not read the status", status);
		if (last == null) {
			throw new CliError("there was no probe yet", {
				code: "no_probe",
				fix: "make its firewall with parapet probe create, put the secret PROBE_DEVICE, and wait for the next run of the cron trigger",
			});
		}
		const { state, at, failed, code, ms } = last;
		const how = failed === null ? "went well" : `failed at ${failed} (${code})`;
		output.answer(last, `${state === "failing" ? "the probe fails; " : ""}the last one ${how}: ${ms} ms, ${at}`);
		if (state === "failing") throw new CliError("the probe fails", { code: code ?? "failing" });
	});
}

async function createProbe({ api, options, output, surroundings }: OperatorContext<{ readonly out: string }>) {
	const { nowMs } = surroundings;
	const [{ ensureProduct, releasesOf }, { publishFrom }, { SMOKE_BASE, SMOKE_PRODUCT, SMOKE_TITLE }] =
		await Promise.all([
			import("../../synthetic/product.ts"),
			import("../publish/publish-text.ts"),
			import("../smoke/steps.ts"),
		]);
	const [{ openHome }, { activateFirewall }] = await Promise.all([
		import("../../firewall/home/state.ts"),
		import("../../firewall/identity/activation.ts"),
	]);
	const folder = await mkdtemp(join(tmpdir(), "parapet-probe-"));
	try {
		const product = SMOKE_PRODUCT;
		await ensureProduct({ api, product, title: SMOKE_TITLE });
		if (!(await releasesOf(api, product)).some(({ version }) => version === SMOKE_BASE)) {
			const publish = publishFrom(folder, product, api, nowMs);
			await publish(SMOKE_BASE, "# smoke test: the release that stays\n", { plan: "immediate", notes: "stays" });
		}
		const before = await createAccount(api, ACCOUNT);
		if (!before.isNew) await clearAccount(api, before.account, "another firewall takes its place");
		const { account } = before.isNew ? before : await createAccount(api, ACCOUNT);
		const { code } = await licenseFor(api, account, product, 1, nowMs(), LICENSE_DAYS);
		const home = openHome(join(folder, "home"));
		const { server } = api;
		const made = await activateFirewall({ home, server, code, model: MODEL, algorithm: "Ed25519", nowMs });
		const jwk = await home.load("key");
		const secret = { device: made.device.id, product, jwk };
		await writeAtomically(resolve(surroundings.cwd, options.out), `${JSON.stringify(secret)}\n`);
		output.answer({ device: made.device.id, account, product, file: options.out }, [
			`the probe is ${made.device.id} of ${account}; its secret is in ${options.out}`,
			`put it: npx wrangler secret put PROBE_DEVICE --env= < ${options.out}; then remove the file`,
			...(before.isNew ? [] : ["until it is put the probe fails: the one before has no license any more"]),
		]);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
