/** What we are, and which Redis we are compatible with (`redis_version`, the `redis-ver` of RDB files). */
export const headwaterVersion = '0.1.0';
export const redisVersion = '7.2.4';
