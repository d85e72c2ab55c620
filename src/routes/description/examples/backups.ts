// Examples of backups: rows of objects, and what a backup is known by.
import { KEY_X, LICENSE, SHA256 } from "./fleet.ts";

export const BACKUP_EXAMPLES: Readonly<Record<string, unknown>> = {
	"BackupPage.after": '["devices","dev-f5any44xnh-7k2m9q4t1xw3hd8c"]',
	"BackupRows.next": '["devices","dev-f5any44xnh-7k2m9q4t1xw3hd8c"]',
	table: "licenses",
	row: { id: LICENSE, seats: 100 },
	rows: [{ table: "licenses", row: { id: LICENSE, seats: 100 } }],
	schema: 1,
	trail: 7,
	backup: SHA256,
	"BackupRestore.index": 0,
	"BackupRestore.total": 1,
	whole: true,
	awake: false,
	seal: KEY_X,
};
