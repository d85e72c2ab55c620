// Beside each time in UTC the reader's own, and pictures of figures that stand in tables. Nothing here is needed to use the console.
function localize(root) {
	for (const element of root.querySelectorAll("time[datetime]")) {
		if (element.dataset.local) continue;
		const at = new Date(element.dateTime);
		if (Number.isNaN(at.getTime()) || at.getTimezoneOffset() === 0) continue;
		element.dataset.local = "1";
		const text = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
		element.append(` (${text} here)`);
	}
}

document.addEventListener("DOMContentLoaded", () => localize(document));
document.addEventListener("htmx:after:swap", () => localize(document));
if (document.readyState !== "loading") localize(document);
