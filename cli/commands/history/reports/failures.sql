-- What was refused and what could not be installed, where, and with which code, most first. A device whose turn has not come
-- (kind `wait`) asks again later: that is no failure.
SELECT
	CASE WHEN kind = 'refusal' THEN asked ELSE 'installation' END AS failed,
	country,
	product,
	to_version AS version,
	CASE WHEN kind = 'refusal' THEN problem ELSE coalesce(detail, outcome) END AS code,
	status,
	sum(weight) AS events,
	count(DISTINCT device) AS devices,
	max(time) AS last_seen
FROM events
WHERE kind = 'refusal'
	OR (kind = 'report' AND outcome IN ('failed', 'rolled_back'))
GROUP BY
	CASE WHEN kind = 'refusal' THEN asked ELSE 'installation' END,
	country,
	product,
	to_version,
	CASE WHEN kind = 'refusal' THEN problem ELSE coalesce(detail, outcome) END,
	status
ORDER BY events DESC, failed, code, country
LIMIT 200
