#include "queue/journal/outbox.h"

#include <utility>

namespace convoke::journal {

void Outbox::later(News news) {
  news_.push_back(std::move(news));
  if (!timer_.scheduled()) wheel_.schedule(timer_, Instant{});
}

void Outbox::deliver() {
  std::vector<News> news;
  news.swap(news_);
  timer_.cancel();
  for (News& one : news) {
    std::visit([this](auto& what) { tell(what); }, one);
  }
}

void Outbox::tell(AcceptAnswer& news) { news.accepted(std::move(news.result)); }

void Outbox::tell(SettleAnswer& news) { news.settled(news.result); }

void Outbox::tell(StopAnswer& news) { news.stopped(news.result); }

void Outbox::tell(ClaimAnswer& news) { listener_.on_claimed(news.function, std::move(news.calls)); }

void Outbox::tell(ReadyNews& news) { listener_.on_ready(news.function); }

}  // namespace convoke::journal
