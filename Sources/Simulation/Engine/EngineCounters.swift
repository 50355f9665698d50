/// The state of an engine in numbers, as vLLM's metrics give it.
package struct EngineCounters: Sendable, Equatable {
  /// `vllm:num_requests_running`.
  package var requestsRunning: Int
  /// `vllm:num_requests_waiting`.
  package var requestsWaiting: Int
  /// `vllm:kv_cache_usage_perc`: blocks of running requests over usable blocks, in `0...1`.
  package var cacheUsage: Double
  /// `vllm:prompt_tokens_total`: prompts that were computed or found to their end.
  package var promptTokens: Int
  /// `vllm:prompt_tokens_by_source_total` of `local_compute`: those of them that were computed.
  package var computedTokens: Int
  /// `vllm:request_success_total`, whatever the reason of their end.
  package var requestsFinished: Int
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
