-- Each country's devices and what they did. A device counts once for each month, since its pseudonym changes.
SELECT
	country,
	count(DISTINCT CASE WHEN kind IN ('token', 'permit', 'report') THEN device END) AS devices,
	sum(weight) AS events,
	sum(CASE WHEN kind = 'download' THEN weight ELSE 0 END) AS downloads,
	sum(bytes) AS bytes,
	sum(CASE WHEN kind = 'report' AND outcome = 'healthy' THEN weight ELSE 0 END) AS healthy,
	sum(CASE WHEN kind = 'report' AND outcome IN ('failed', 'rolled_back') THEN weight ELSE 0 END) AS failed,
	sum(CASE WHEN kind = 'refusal' THEN weight ELSE 0 END) AS refusals,
	round(sum(weight * duration_ms) * 1.0 / sum(weight), 1) AS mean_ms
FROM events
WHERE kind <> 'lost'
GROUP BY country
ORDER BY devices DESC, country
