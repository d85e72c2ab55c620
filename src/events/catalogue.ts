// Every type of event, by the trail that it stands in, with what it tells. The list is closed: an event that is not in it
// does not compile. docs/events.md is made from it. Types are stable for ever, because trails are never rewritten.

/** Events of the webhooks that are told of a trail. They stand in that trail. `subject`: the webhook. */
const WEBHOOK_EVENTS = {
	"webhook.create": "A webhook was made. Detail: the origin of its URL",
	"webhook.delete": "A webhook was removed",
	"webhook.rotate": "A webhook was given a new secret",
	"webhook.enable": "A webhook that was disabled or failing is tried again",
	"webhook.disabled": "A webhook is told nothing more, because its receiver failed too long or is gone. Detail: why",
	"webhook.test": "A webhook was tried out. This one is told that one alone, whatever it is for",
} as const satisfies Record<string, string>;
export type WebhookEventType = keyof typeof WEBHOOK_EVENTS;

/** Events of an account. `subject`: id of what comes before the full stop, unless it says otherwise. */
export const ACCOUNT_EVENTS = {
	"account.create": "The account was made. Detail: its name",
	"account.rename": "The account was given another name. Detail: its name now",
	"account.close": "The account was closed, for good. Detail: the reason",
	"account.policy": "What the account says of its devices' updates was changed. Detail: how many rules there are now",
	"account.tripwire":
		"Which devices the account has suspended by the tripwire was changed. Detail: `off`, `travel` or `any`",
	"account.rewind":
		"The account was set back to an earlier time; what the trail told of the time since has not happened. Detail: to when, how many events were lost, and the reason",
	"license.create": "A license was made. Detail: its seats and products",
	"license.change": "The terms of a license were changed, a renewal too. Detail: its seats and products now",
	"license.suspended": "A license was suspended, or is and another reason was added. Detail: the reason",
	"license.active": "A suspended license was reinstated. Detail: the reason",
	"license.revoked": "A license was revoked, for good, or is and another reason was added. Detail: the reason",
	"license.transfer":
		"All devices and HA groups that hold a seat of a license begin to go over to another. Detail: how many seats, and to which",
	"license.transferred": "All of them have gone over. Detail: how many seats, and to which license",
	"license.transfer_stopped":
		"The other license was revoked before all of them had gone over; the rest stays. Detail: how many seats went, and to which",
	"license.limit_reached":
		"All seats of a license are taken: by a device, by a transfer, or because it has fewer now. Once, until a tenth of the seats (one at least) has been free. Detail: how many are taken",
	"license.expiring":
		"Products of a license end in 90, 60, 30, 14, 7 or 1 days. Detail: in how many, at what time, and which products",
	"license.ended": "Products of a license have ended. Detail: when, how long their grace is, and which products",
	"code.create": "An auth code was made. Detail: its license and how often it may be used",
	"code.revoke": "An auth code was revoked. Detail: its license",
	"claim.create":
		"A serial number was claimed, whose appliance comes without an auth code. Subject: the serial number. Detail: its license and its manufacturer",
	"claim.remove":
		"A claim was given back; a device that came by it stays. Subject: the serial number. Detail: its manufacturer",
	"device.new": "A device was activated for the first time. Detail: its serial number",
	"device.imported": "A device was taken over by an operator, without a code. Detail: its serial number",
	"device.changed":
		"A device was described otherwise by an import (model, labels, DPoP; detail: its serial number) or by an operator (detail: its labels)",
	"device.returned":
		"A deactivated device was activated again, or imported, under its old id. Detail: its serial number",
	"device.moved":
		"A device left its place: it was activated with a code of another license or HA group, or imported there, or replaces another device. Detail: its serial number",
	"device.active": "A suspended device was reinstated. Detail: the reason",
	"device.suspended": "A device was suspended, or is and another reason was added. Detail: the reason",
	"device.revoked": "A device was revoked, for good, or is and another reason was added. Detail: the reason",
	"device.certificate":
		"A device was bound to another client certificate, or is known by its key again. Detail: by what it is known now",
	"device.channel": "A device was put on a channel of a product. Detail: the product and the channel",
	"device.deactivated": "A device gave up its seat. Detail: why, where the instance that it ran on is gone",
	"device.replacement": "A device is to be replaced. Detail: the serial number of its successor, and the reason",
	"device.replaced": "Another device took the place of a device, which is revoked by that. Detail: the other one",
	"device.stale":
		"A device was offered an update a day ago, has been seen since and still has not installed it. Detail: per product what it has and is offered",
	"device.stale_ended": "A device that was told to be stale has what it was offered, or is offered nothing any more",
	"device.silent": "A device was not heard of for a day and a half. Detail: when it was seen",
	"device.silent_ended": "A device that was told to be silent was heard of again",
	"device.trust_expiring":
		"For more than a day a device has rested on a TLS root, or has had a certificate, that ends within 30 days: after that it cannot reach the service. Detail: which, and when it ends",
	"device.trust_expiring_ended":
		"A device that was told to rest on something that soon ends has said that it rests on what lasts for a week longer, or on none",
	"device.forked":
		"Two appliances with the key of one device go on asking for tokens: a copy was made of it. Detail: the two lines, each with where and when it was last seen",
	"device.fork_resolved": "An operator said which of two copies is the device. Detail: its line, and the reason",
	"device.tripwire":
		"A device's key or token was used from two networks at once. Once for each further network of the device. Detail: by which rule (`travel`: it was in two places between which nobody travels in that time, there and back within a day; `two_networks`: it went back and forth between networks three times within a day), both networks with when it was there, how far apart they are, and what was done (`suspended`) or is suggested",
	"device.digest":
		"So many devices at once became stale, silent or about to lose what they rest on, or ended to be, that they are not told one by one. Subject: the account. Detail: which of these (stale, stale_ended, silent, silent_ended, trust_expiring, trust_expiring_ended), how many devices, and some of them",
	"ha_group.create": "An HA group was made. Detail: its name, mode and license",
	"ha_group.change": "The settings of an HA group were changed. Detail: what they are now",
	"ha_group.delete": "An HA group was removed. Detail: its name",
	"ha_group.join": "A device joined an HA group. Subject: the device. Detail: the group",
	"ha_group.leave": "A device left its HA group. Subject: the device. Detail: the group",
	"seat.taken":
		"A device or an HA group has a seat that it did not have: activated, or back after its lease had ended. Subject: that device or group. Detail: the license",
	"seat.released":
		"A device or an HA group has its seat no more. Subject: that device or group. Detail: the license and why: the lease ended, the device was deactivated or revoked, it left for another license or HA group",
	"seat.refused":
		"There was no seat for a device that was to be activated, or that came back after its lease had ended. Subject: the device, its HA group or, of a device that is not known, its serial number. Detail: the license. Once an hour for the same one, and 20 times an hour for a license at most",
	"seat.overage":
		"A seat was taken beyond those of its license, which allows it. Beside `seat.taken`. Subject: who took it. Detail: the license, and how many of its seats are taken now",
	"ha_group.update_blocked":
		"An HA group cannot go on with an update: a device failed or fell silent, so the others are not touched; or the one that goes first has not asked for longer than the group's skew limit. Detail: product, version and that device",
	"ha_group.unlock":
		"An operator unlocked an HA group, whose devices may have the update in whatever order now. Detail: product, version and the reason",
	"ha_group.failover":
		"Another device of an active-passive HA group is active. Detail: from which device to which, and how many failovers before it were too many to tell",
	"ha_group.split_brain":
		"Devices of an active-passive HA group go on saying that they are active after another one took over. Detail: which",
	"ha_group.split_brain_ended": "A split brain that was told is over. Detail: after how long",
	"ha_group.skew":
		"Devices of an HA group have run different versions of a product for longer than the group allows. Detail: which",
	"ha_group.skew_ended": "A skew that was told is over. Detail: the product, and after how long",
	...WEBHOOK_EVENTS,
} as const satisfies Record<string, string>;
export type AccountEvent = keyof typeof ACCOUNT_EVENTS;

/** Events of a product. `subject`: the version, or the product's name. */
export const PRODUCT_EVENTS = {
	"product.create": "The product was made. Detail: its title",
	"package.add": "A package was uploaded, or what is kept beside one: a delta, a rule index. Detail: its SHA-256",
	"release.publish": "A release was published. Detail: the SHA-256 of its package, and the channel where it is beta",
	"release.promote": "A release that was on beta is on its way to stable",
	"release.discard": "A version that was never released was forgotten. Detail: the SHA-256 of its package",
	"release.withdraw":
		"A release was withdrawn, or got another target to go back to. Detail: `back to <version>: ` where one was named, and the reason",
	"product.plan": "Another plan or team is set for the product's next releases. Detail: which",
	"product.freezes":
		"The freezes of a product were changed, in which no step of a rollout begins. Detail: how many there are now",
	"product.limits":
		"Other bounds are set for the product's releases: by how much one may differ in size from the current one, or what may change of a device's health. Detail: what they are now",
	"release.size_allowed":
		"A release was let on its way although it is much larger or smaller than the current one. Actor: who said so. Detail: both sizes, and the reason",
	"product.validator":
		"The validator of the product's releases was set, or removed. Detail: the origin of its URL and the minutes in which it answers, or `off`",
	"release.validate":
		"The product's validator is asked about a release, which nobody may have until it has passed. Detail: the SHA-256 of its package",
	"release.validated":
		"The validator has answered. Actor: who said so, or the service where it answered at once. Detail: `passed` or `failed`, and its first finding",
	"release.validation_overdue":
		"The validator has not answered in its time; the release stays held. Once. Detail: what came of asking it last",
	"release.validation_overridden":
		"An operator let a release go on whose validator has not answered in its time. Detail: the reason",
	"rule.disable": "A rule is disabled on every device from its next check on. Subject: its id. Detail: the reason",
	"rule.enable": "A disabled rule is used again. Subject: its id. Detail: the reason",
	"product.two_people":
		"Whether the product's next releases need persons beside their uploader was set. Detail: `on` or `off`",
	"product.signing": "Whether the product's releases must be signed was set. Detail: `optional` or `required`",
	"product.class_approvals":
		"How many words the product's next releases need by their classes was set. Detail: persons by class, or `null`",
	"product.entitled": "Who may have the product was set. Detail: `licensed` or `registered`",
	"product.role":
		"The product has another role file, or its keys are others. Detail: its version, and how many releases it names",
	"publisher.add":
		"A trusted publisher was added: a workflow of CI that may publish the product without an API key. Subject: its id. Detail: what it is",
	"publisher.remove":
		"A trusted publisher was removed, and what tokens it had ended. Subject: its id. Detail: what it was",
	"publisher.token":
		"A run of a trusted publisher got a token for 15 minutes. Actor: the publisher, as its uploads and releases name it. Subject: its id. Detail: the run, its ref, commit and environment",
	"rollout.word":
		"A person approved a step, let a step pass its gate or a halted rollout go on. Detail: what, the step, and the SHA-256 of the package where it was named",
	"rollout.unhealthy":
		"A device of a limited step installed the release and broke a limit on its health, so it counts as failed. Detail: step, model, the change, and the rules that match most",
	"rollout.step": "A rollout began a step, or is watched before the next. Detail: what it does, the step, and why",
	"rollout.halted": "A rollout lets nobody in any more. Detail: the step, and why",
	"rollout.resumed": "A halted rollout goes on. Detail: the step, and by whose word",
	"rollout.done": "Everybody may have the release. Detail: the step, and why",
	"rollout.regressed":
		"A release that everybody may have fails more often than those before it. Once. Detail: on how many devices, and how many of the earlier ones",
	"rollout.ended": "A rollout ended before everybody might have the release. Detail: the step, and why",
	...WEBHOOK_EVENTS,
} as const satisfies Record<string, string>;
export type ProductEvent = keyof typeof PRODUCT_EVENTS;

/** Events of the deployment. `subject`: id of what comes before the full stop. */
export const DEPLOYMENT_EVENTS = {
	"account.create": "An account was made. Detail: its name",
	"account.rename": "An account was given another name. Detail: its name now",
	"account.close": "An account was closed, for good. Detail: the reason",
	"product.create": "A product was made. Detail: its title",
	"package.remove":
		"The bytes of a package that no version has were removed. Subject: its SHA-256. Detail: how many bytes; or that nobody knows whether they are gone, and who wanted it",
	"message.create": "A message of the day was made. Detail: its title, and the fraction of all where that is not 1",
	"message.raise": "A message of the day is shown to more. Detail: the fraction of all, before and now",
	"message.remove": "A message of the day was removed",
	"service.probe_failed":
		"The service asks itself as a firewall does, and that has failed twice in a row, or three times of ten. Subject: the step that failed (token, stranger, check, download). Detail: why, in a word",
	"service.probe_recovered": "It went well six times in a row again, for half an hour",
	"manufacturer.add":
		"A manufacturer was added, whose certificates let appliances in without an auth code. Detail: its name and that of its authority",
	"manufacturer.renew":
		"A manufacturer's authority has another certificate for the same key and name. Detail: its name and that of its authority",
	"manufacturer.remove": "A manufacturer's certificates let nobody in any more; its devices stay. Detail: its name",
	"credential.create": "An API key was made. Detail: its subject and scopes",
	"credential.revoke": "An API key was revoked. Detail: its subject",
	...WEBHOOK_EVENTS,
} as const satisfies Record<string, string>;
export type DeploymentEvent = keyof typeof DEPLOYMENT_EVENTS;

/** A type that an entry of some trail may have. */
export type EventType = AccountEvent | ProductEvent | DeploymentEvent;
