// `parapet device certificate`: has the service know this firewall by a client certificate, or by its key again.
import { z } from "zod";
import type { FirewallAction } from "../../../command-line/run-as.ts";
import { UsageError } from "../../../errors.ts";
import { loadActiveIdentity, loadKey } from "../../../firewall/identity/activation.ts";
import { certificateFiles, registerCertificate } from "../../../firewall/identity/client-certificate.ts";
import { importDeviceKey } from "../../../firewall/identity/device-key.ts";
import { discoverServer } from "../../../firewall/identity/discovery.ts";
import { openSession } from "../open-session.ts";

const shape = {
	clientCert: z.string().optional(),
	clientKey: z.string().optional(),
	subjectDn: z.string().optional(),
	none: z.boolean().default(false),
};

export const certificate: FirewallAction<typeof shape> = {
	shape,
	run: async (context) => {
		const { options, output, surroundings } = context;
		const files = certificateFiles(options.clientCert, options.clientKey, options.subjectDn);
		if ((files === null) !== options.none) {
			throw new UsageError("by what is it to be known?", "give --client-cert and --client-key, or --none for its key");
		}
		const { home, server } = await openSession(context);
		const identity = await loadActiveIdentity(home);
		const key = await importDeviceKey(await loadKey(home));
		const metadata = await discoverServer(server, surroundings.nowMs());
		const known = await registerCertificate(home, identity, key, metadata, files, surroundings.nowMs());
		const { id } = identity.device;
		output.answer(
			{ device: id, certificate: known?.x5t ?? null },
			known === undefined ? `${id} is known by its key` : `${id} is known by the certificate in ${known.certFile}`,
		);
	},
};
