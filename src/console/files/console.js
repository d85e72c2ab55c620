// Beside each time in UTC the reader's own, and charts that can be read off in place of those that were drawn by the service. Nothing here
// is needed to use the console.
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

const DASHES = [undefined, [8, 3], [2, 3], [12, 3, 2, 3], [5, 5], [2, 6]];

function drawCharts() {
	if (typeof uPlot === "undefined") return;
	for (const figure of document.querySelectorAll("figure[data-chart]")) {
		const { times, lines } = JSON.parse(figure.dataset.chart);
		const style = getComputedStyle(figure);
		const axis = { stroke: style.color, grid: { show: false } };
		const drawn = figure.querySelector("svg");
		const chart = new uPlot(
			{
				width: figure.clientWidth,
				height: 260,
				// As the service draws them: a day is one of UTC, and west of Greenwich would stand at the evening before.
				tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
				series: [
					{ label: "Time (UTC)" },
					...lines.map(({ name }, index) => ({
						label: name,
						stroke: style.getPropertyValue(`--line-${index + 1}`),
						width: 2,
						dash: DASHES[index],
						paths: uPlot.paths.stepped({ align: 1 }),
					})),
				],
				axes: [axis, axis],
			},
			[times, ...lines.map(({ values }) => values)],
		);
		chart.root.setAttribute("aria-hidden", "true");
		drawn.before(chart.root);
		drawn.classList.add("drawn");
		new ResizeObserver(() => chart.setSize({ width: figure.clientWidth, height: 260 })).observe(figure);
	}
}

document.addEventListener("DOMContentLoaded", () => {
	localize(document);
	drawCharts();
});
document.addEventListener("htmx:after:swap", () => localize(document));
if (document.readyState !== "loading") localize(document);
