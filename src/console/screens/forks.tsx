// The devices of an account of which two copies live, each with its two lines and the choice between them.
import { type Forks, forksPath, LineText } from "../forks.tsx";
import { link, Table, Time } from "../layout.tsx";
import { cursorPage, Pages } from "../lists.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { operatesAccount } from "../view.ts";
import { accountSeen, chooseAccount, devicePage } from "./choose.tsx";

const PAGE = "50";

export async function showForks(c: ConsoleContext): Promise<Response> {
	const account = accountSeen(c);
	if (account === null) return chooseAccount(c, "Copies of devices", "devices", "/console/devices/forks");
	const { forks, next } = await c.var.api.get<Forks>(forksPath(account), { after: c.req.query("after"), limit: PAGE });
	const page = cursorPage(c, forks, next);
	return render(
		c,
		"Copies of devices",
		"devices",
		<>
			<p>
				Of <a href={link("/console/devices", { account })}>{account}</a>: devices of which two copies ask for tokens
				with one key. Both keep what they have.
			</p>
			<Table
				label="Copies of devices"
				head={["Device", "Serial", "Since", "One", "The other", "Next"]}
				empty="No two copies of one device are known to live."
				rows={page.rows.map(({ device, serial, forked_at, lines }) => [
					<a href={devicePage(device)}>{device}</a>,
					serial,
					<Time at={forked_at} />,
					...[lines[0], lines[1]].map((one) => (one === undefined ? "–" : <LineText of={one} />)),
					operatesAccount(c.var.view, account) ? (
						<a href={`${devicePage(device)}/resolve`}>say which is the device</a>
					) : (
						"who operates the account says which is the device"
					),
				])}
			/>
			<Pages of={page} />
		</>,
	);
}
