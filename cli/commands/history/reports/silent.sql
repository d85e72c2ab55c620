-- Devices that came in the last month that there is, and not in its last 24 hours: the longest silent first.
SELECT device, account, max(time) AS last_seen, count(*) AS events, max(country) AS country, max(ending.newest) AS history_until
FROM events
CROSS JOIN (SELECT max(time) AS newest FROM events) AS ending
WHERE kind IN ('token', 'permit', 'report')
	AND device IS NOT NULL
	AND time >= date_trunc('month', ending.newest)
GROUP BY device, account
HAVING max(time) < max(ending.newest) - INTERVAL '24 hours'
ORDER BY last_seen, device
LIMIT 1000
