-- Devices whose key or token was used from two places within an hour: in another country than just before, or back and forth between two
-- networks. A second uplink or a tunnel does the same, so it is a reason to ask the owner, not a proof of a copied key.
SELECT
	device,
	account,
	finding,
	count(*) AS times,
	min(time) AS first_seen,
	max(time) AS last_seen,
	min(place_before) AS from_place,
	max(place) AS to_place,
	'parapet history who, ask its owner, then parapet device suspend' AS suggestion
FROM (
	SELECT
		device,
		account,
		time,
		concat(coalesce(country, '?'), ' AS', CAST(asn AS VARCHAR)) AS place,
		concat(coalesce(country_1, '?'), ' AS', CAST(asn_1 AS VARCHAR)) AS place_before,
		CASE
			WHEN country <> country_1 AND time <= time_1 + INTERVAL '1 hour' THEN 'impossible travel'
			WHEN asn <> asn_1 AND asn = asn_2 AND time <= time_2 + INTERVAL '1 hour' THEN 'two networks at once'
		END AS finding
	FROM (
		SELECT
			device,
			account,
			time,
			country,
			asn,
			lag(time, 1) OVER (PARTITION BY device ORDER BY time, id) AS time_1,
			lag(time, 2) OVER (PARTITION BY device ORDER BY time, id) AS time_2,
			lag(country, 1) OVER (PARTITION BY device ORDER BY time, id) AS country_1,
			lag(asn, 1) OVER (PARTITION BY device ORDER BY time, id) AS asn_1,
			lag(asn, 2) OVER (PARTITION BY device ORDER BY time, id) AS asn_2
		FROM events
		WHERE kind IN ('token', 'permit', 'report') AND device IS NOT NULL
	) AS steps
) AS findings
WHERE finding IS NOT NULL
GROUP BY device, account, finding
ORDER BY times DESC, last_seen DESC, device
LIMIT 200
