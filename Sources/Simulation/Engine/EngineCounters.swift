/// The state of an engine in numbers, as vLLM's metrics give it.
package struct EngineCounters: Sendable, Equatable {
  /// `vllm:num_requests_running`.
  package var requestsRunning: Int
  /// `vllm:num_requests_waiting`.
  package var requestsWaiting: Int
  /// `vllm:kv_cache_usage_perc`: blocks of running requests over usable blocks, in `0...1`.
  package var cacheUsage: Double
  /// `vllm:prefix_cache_queries_total`, in tokens; repeats after preemptions don't count.
  package var prefixCacheQueries: Int
  /// `vllm:prefix_cache_hits_total`, in tokens.
  package var prefixCacheHits: Int
  /// `vllm:num_preemptions_total`.
  package var preemptions: Int
  /// `num_gpu_blocks` of `vllm:cache_config_info`: includes the null block.
  package var blockCount: Int
  /// `block_size` of `vllm:cache_config_info`.
  package var blockSize: Int
}
