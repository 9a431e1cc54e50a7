#include "queue/answers.h"

#include <utility>

namespace convoke {

void Answers::later(News news) {
  news_.push_back(std::move(news));
  if (!timer_.scheduled()) wheel_.schedule(timer_, Instant{});
}

void Answers::deliver() {
  std::vector<News> news;
  news.swap(news_);
  timer_.cancel();
  for (News& one : news) {
    std::visit([this](auto& what) { tell(what); }, one);
  }
}

void Answers::tell(AcceptAnswer& news) { news.accepted(std::move(news.result)); }

void Answers::tell(SettleAnswer& news) { news.settled(news.result); }

void Answers::tell(StopAnswer& news) { news.stopped(news.result); }

void Answers::tell(ClaimAnswer& news) {
  listener_.on_claimed(news.function, std::move(news.calls));
}

void Answers::tell(ReadyNews& news) { listener_.on_ready(news.function); }

}  // namespace convoke
