#include "core/loop/curl_poster.h"

#include <list>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace convoke {
namespace {

// libcurl is woken for everything that happens; this only bounds a sleep.
constexpr int kPollMs = 60'000;
constexpr long kIdleConnectionsMax = 16;

void start_libcurl() {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  ENSURE(kStarted == CURLE_OK);
}

PostAnswer not_sent(PostAnswer::Kind kind, std::string why) {
  PostAnswer answer;
  answer.kind = kind;
  answer.error = std::move(why);
  return answer;
}

}  // namespace

// Where one shard's answers are put down and picked up. Both sides hold it.
class CurlPoster::Desk : public std::enable_shared_from_this<Desk> {
 public:
  using Answers = std::vector<std::pair<std::uint64_t, PostAnswer>>;
  using Deliver = std::function<void(Answers)>;

  Desk(Loop& loop, Deliver deliver) : deliver_(std::move(deliver)), loop_(&loop) {}

  // Any thread.
  void finish(std::uint64_t number, PostAnswer answer) {
    const std::lock_guard lock(mutex_);
    if (loop_ == nullptr) return;
    answers_.emplace_back(number, std::move(answer));
    if (answers_.size() > 1) return;  // the loop has been told
    loop_->post([desk = shared_from_this()] { desk->on_told(); });
  }
  [[nodiscard]] bool closed() const {
    const std::lock_guard lock(mutex_);
    return loop_ == nullptr;
  }
  // The loop's thread. Nothing is delivered any more.
  void close() {
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
    answers_.clear();
  }

 private:
  void on_told() {
    Answers answers;
    {
      const std::lock_guard lock(mutex_);
      if (loop_ == nullptr) return;
      answers.swap(answers_);
    }
    deliver_(std::move(answers));
  }

  const Deliver deliver_;  // only while it is not closed
  mutable std::mutex mutex_;
  Loop* loop_;  // nullptr: closed
  Answers answers_;
};

class CurlPoster::Thread {
 public:
  struct Post {
    PostRequest request;
    std::shared_ptr<Desk> desk;
    std::uint64_t number = 0;
  };
  using Line = PostLine<Post>;

  explicit Thread(CurlPosterOptions options)
      : options_(std::move(options)), line_(options_.limits), multi_(curl_multi_init()) {
    ENSURE(multi_ != nullptr);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kIdleConnectionsMax);
    thread_ = std::thread([this] { work(); });
  }
  ~Thread() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake();
    thread_.join();
  }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  // Any thread, as wake().
  [[nodiscard]] bool offer(Line::Entry entry) {
    {
      const std::lock_guard lock(mutex_);
      if (!line_.offer(entry)) return false;
    }
    wake();
    return true;
  }
  void wake() { curl_multi_wakeup(multi_.get()); }

 private:
  struct Cleanup {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };
  struct UnderWay {
    UnderWay(Line::Entry entry, const TransferOptions& options)
        : place(std::move(entry.place)),
          desk(std::move(entry.item.desk)),
          number(entry.item.number),
          transfer(std::move(entry.item.request), options) {}

    Line::Place place;
    std::shared_ptr<Desk> desk;
    std::uint64_t number;
    Transfer transfer;
  };
  using Running = std::list<UnderWay>;

  void work() {
    while (prepare()) {
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      if (finish_ended()) continue;  // others may begin
      curl_multi_poll(multi_.get(), nullptr, 0, kPollMs, nullptr);
    }
    for (UnderWay& one : running_) curl_multi_remove_handle(multi_.get(), one.transfer.handle());
    running_.clear();
  }

  // False: it is time to end.
  bool prepare() {
    give_up_abandoned();
    while (true) {
      std::optional<Line::Entry> entry;
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return false;
        line_.drop([](const Post& post) { return post.desk->closed(); });
        entry = line_.next();
      }
      if (!entry) return true;
      begin(*std::move(entry));
    }
  }

  void begin(Line::Entry entry) {
    CURL* handle = running_.emplace_back(std::move(entry), options_.transfer).transfer.handle();
    ENSURE(curl_multi_add_handle(multi_.get(), handle) == CURLM_OK);
  }

  bool finish_ended() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode ending = message->data.result;
      const auto one = running_of(message->easy_handle);
      one->desk->finish(one->number, one->transfer.answer(ending));
      remove(one);
      any = true;
    }
    return any;
  }

  void give_up_abandoned() {
    for (auto it = running_.begin(); it != running_.end();) {
      const auto one = it++;
      if (one->desk->closed()) remove(one);
    }
  }

  Running::iterator running_of(const CURL* handle) {
    auto it = running_.begin();
    while (it->transfer.handle() != handle) ++it;  // at most transfers_max
    return it;
  }

  void remove(Running::iterator one) {
    curl_multi_remove_handle(multi_.get(), one->transfer.handle());
    {
      const std::lock_guard lock(mutex_);
      line_.finished(one->place);
    }
    running_.erase(one);
  }

  const CurlPosterOptions options_;
  std::mutex mutex_;  // guards line_ and stopping_
  Line line_;
  bool stopping_ = false;
  std::unique_ptr<CURLM, Cleanup> multi_;
  Running running_;  // the thread's own
  std::thread thread_;
};

// A shard's end.
class CurlPoster::LoopPoster final : public Poster {
 public:
  LoopPoster(Thread& thread, Loop& loop)
      : thread_(thread), desk_(std::make_shared<Desk>(loop, [this](Desk::Answers answers) {
          deliver(std::move(answers));
        })) {}
  ~LoopPoster() override {
    desk_->close();
    thread_.wake();  // gives up what is under way
    *destroyed_ = true;
  }
  LoopPoster(const LoopPoster&) = delete;
  LoopPoster& operator=(const LoopPoster&) = delete;

  void post(PostRequest request, Done done) override {
    const std::uint64_t number = ++last_;
    waiting_.emplace(number, std::move(done));
    auto host = host_of_url(request.url);
    if (!host) {
      return desk_->finish(number, not_sent(PostAnswer::Kind::kRefused, host.error().message));
    }
    const std::size_t bytes = request.body.size();
    if (thread_.offer({{*std::move(host), bytes}, {std::move(request), desk_, number}})) return;
    desk_->finish(number, not_sent(PostAnswer::Kind::kFull, "too many deliveries wait already"));
  }

 private:
  void deliver(Desk::Answers answers) {
    const std::shared_ptr<bool> destroyed = destroyed_;
    for (auto& [number, answer] : answers) {
      const auto found = waiting_.find(number);
      ENSURE(found != waiting_.end());
      const Done done = std::move(found->second);
      waiting_.erase(found);
      done(std::move(answer));
      if (*destroyed) return;
    }
  }

  Thread& thread_;
  std::shared_ptr<bool> destroyed_ = std::make_shared<bool>(false);  // a Done may destroy us
  std::shared_ptr<Desk> desk_;
  std::unordered_map<std::uint64_t, Done> waiting_;
  std::uint64_t last_ = 0;
};

CurlPoster::CurlPoster(CurlPosterOptions options) {
  start_libcurl();
  thread_ = std::make_unique<Thread>(std::move(options));
}

CurlPoster::~CurlPoster() = default;

std::unique_ptr<Poster> CurlPoster::open(Loop& loop) {
  return std::make_unique<LoopPoster>(*thread_, loop);
}

}  // namespace convoke
