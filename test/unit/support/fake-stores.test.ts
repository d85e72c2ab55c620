// The fakes keep the same contracts as the adapters, or tests that use them would prove nothing.
import { packageStoreContract } from "../../contract/package-store.contract.ts";
import { recordStoreContract } from "../../contract/record-store.contract.ts";
import { FakePackageStore } from "../../support/stand-ins/fake-package-store.ts";
import { FakeRecordStore } from "../../support/stand-ins/fake-record-store.ts";

recordStoreContract("fake", async () => {
	const store = new FakeRecordStore();
	store.ordered = false;
	return {
		store,
		corrupt: async (key, text) => {
			store.texts.set(key, text);
		},
	};
});

packageStoreContract("fake", async () => new FakePackageStore());
