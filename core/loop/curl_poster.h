// Posters on libcurl: one thread for all transfers of an engine, its answers brought to the loops.
//
//     shard --post--> line (bounded) --> transfers (bounded) --answer--> the shard's loop
//                        |  full                                            ^
//                        +--------------------------------------------------+
//
// Names are resolved by threads of libcurl's, never on a loop. core/loop/transfer.h says what a
// transfer may do, core/loop/post_line.h who begins when.
#pragma once

#include <memory>

#include "core/edge/poster.h"
#include "core/loop/loop.h"
#include "core/loop/post_line.h"
#include "core/loop/transfer.h"

namespace convoke {

struct CurlPosterOptions {
  TransferOptions transfer;
  PostLimits limits;
};

class CurlPoster {
 public:
  // May be made on any thread, and outlives the Posters that it opens. Destroying it waits for
  // nothing but its own thread, which gives up what is under way.
  explicit CurlPoster(CurlPosterOptions options);
  ~CurlPoster();
  CurlPoster(const CurlPoster&) = delete;
  CurlPoster& operator=(const CurlPoster&) = delete;

  // For a shard, on its thread or before it runs. The Loop outlives the Poster.
  [[nodiscard]] std::unique_ptr<Poster> open(Loop& loop);

 private:
  class Thread;
  class Desk;
  class LoopPoster;
  std::unique_ptr<Thread> thread_;
};

}  // namespace convoke
