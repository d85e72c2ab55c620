-- What was asked in each hour, how much of it was refused, and how long answers took. `waits`: devices whose turn has not come, which
-- is no failure. Of checks few are written, each with the number for which it stands: of more than ten in an hour `checks` is an estimate.
SELECT
	date_trunc('hour', time) AS hour,
	sum(CASE WHEN kind <> 'lost' THEN weight ELSE 0 END) AS events,
	sum(CASE WHEN kind = 'check' THEN weight ELSE 0 END) AS checks,
	sum(CASE WHEN kind = 'token' THEN weight ELSE 0 END) AS tokens,
	sum(CASE WHEN kind = 'permit' THEN weight ELSE 0 END) AS permits,
	sum(CASE WHEN kind = 'download' THEN weight ELSE 0 END) AS downloads,
	sum(CASE WHEN kind = 'report' THEN weight ELSE 0 END) AS reports,
	sum(CASE WHEN kind = 'refusal' THEN weight ELSE 0 END) AS refusals,
	sum(CASE WHEN kind = 'wait' THEN weight ELSE 0 END) AS waits,
	sum(CASE WHEN kind = 'lost' THEN weight ELSE 0 END) AS lost,
	sum(bytes) AS bytes,
	round(sum(weight * duration_ms) * 1.0 / nullif(sum(CASE WHEN kind <> 'lost' THEN weight ELSE 0 END), 0), 1) AS mean_ms,
	max(duration_ms) AS longest_ms
FROM events
GROUP BY date_trunc('hour', time)
ORDER BY hour
