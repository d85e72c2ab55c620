-- What devices run of each product, by their last permit or report in the last month that there is: pseudonyms change with the month.
SELECT product, version, count(*) AS devices, max(time) AS last_seen
FROM (
	SELECT
		product,
		time,
		CASE WHEN kind = 'report' AND outcome IN ('installed', 'healthy') THEN to_version ELSE from_version END AS version,
		row_number() OVER (PARTITION BY device, product ORDER BY time DESC, id DESC) AS place
	FROM events
	WHERE kind IN ('permit', 'report')
		AND device IS NOT NULL
		AND product IS NOT NULL
		AND time >= (SELECT date_trunc('month', max(time)) FROM events)
) AS words
WHERE place = 1
GROUP BY product, version
ORDER BY product, devices DESC, version
