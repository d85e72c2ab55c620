// A Worker that does nothing but bind a bucket, so that the local S3 endpoint serves it.
export default { fetch: () => new Response(null, { status: 404 }) };
