// A stored model at work, outside gatewalk's tree and in C++: scores a run's bars with one of its models and compares with
// what the run's scores.csv says. Once through gw_scorer, and once by hand from the parts.
// usage: score_model BARS.csv MODEL.safetensors SCORES.csv STRATEGY,SEED,FOLD
#include <gatewalk/error.h>
#include <gatewalk/import.h>
#include <gatewalk/scorer.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

void fine(int rc) {
    if (rc != GW_OK) throw std::runtime_error(gw_error_message());
}

struct closer {
    void operator()(gw_scorer *scorer) const { gw_scorer_close(scorer); }
};

struct bars : gw_bars {
    explicit bars(const char *path) : gw_bars{} {
        gw_import_options options{};
        options.no_cache = true;
        fine(gw_bars_import(path, &options, this, nullptr));
    }
    bars(const bars &) = delete;
    bars &operator=(const bars &) = delete;
    ~bars() { gw_bars_free(this); }
};

using pair = std::pair<float, float>;

// scores.csv: time,open_time,symbol,strategy,seed,fold,p_long,p_short,…
std::map<std::string, pair> read_scores(const std::string &path, const std::string &wanted) {
    std::map<std::string, pair> scores;
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
        std::vector<std::string> cell;
        std::stringstream cells(line);
        for (std::string text; std::getline(cells, text, ',');) cell.push_back(text);
        if (cell.size() > 7 && cell[3] + ',' + cell[4] + ',' + cell[5] == wanted)
            scores[cell[0]] = {std::strtof(cell[6].c_str(), nullptr), std::strtof(cell[7].c_str(), nullptr)};
    }
    return scores;
}

std::string iso(std::int64_t time_ns) {
    std::time_t seconds = static_cast<std::time_t>(time_ns / 1000000000);
    char text[40];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&seconds));
    return text;
}

// The same from the parts: features, scaler, windows, model.
std::vector<float> score_by_hand(const gw_scorer *scorer, const bars &market) {
    gw_feature_matrix matrix{};
    fine(gw_feature_set_build(gw_scorer_features(scorer), &market, &matrix));
    gw_scaler_apply(gw_scorer_scaler(scorer), matrix.value, matrix.n_bars, matrix.value);
    gw_series series{};
    series.x = matrix.value;
    series.n_rows = matrix.n_bars;
    std::vector<gw_sample> sample;
    std::size_t first = matrix.warmup + gw_model_get_config(gw_scorer_model(scorer))->lookback - 1;
    for (std::size_t t = first; t < matrix.n_bars; t++) sample.push_back({0, static_cast<std::uint32_t>(t)});
    std::vector<float> p(matrix.n_bars * GW_N_GATES, NAN);
    fine(gw_model_score(gw_scorer_model(scorer), &series, 1, sample.data(), sample.size(), &p[first * GW_N_GATES],
                        nullptr));
    gw_feature_matrix_free(&matrix);
    return p;
}

int compare(char **argv) {
    const bars market(argv[1]);
    gw_scorer *opened = nullptr;
    fine(gw_scorer_open(argv[2], nullptr, &opened));
    std::unique_ptr<gw_scorer, closer> scorer(opened);
    std::vector<float> p(market.n * GW_N_GATES);
    fine(gw_scorer_score(scorer.get(), &market, 0, market.n, p.data()));
    const std::vector<float> hand = score_by_hand(scorer.get(), market);
    const auto expected = read_scores(argv[3], argv[4]);

    std::size_t compared = 0, wrong = 0;
    for (std::size_t t = 0; t < market.n; t++) {
        const float *at = &p[t * GW_N_GATES];
        if (std::isnan(at[0]) != std::isnan(hand[t * GW_N_GATES]) ||
            (!std::isnan(at[0]) && (at[0] != hand[t * GW_N_GATES] || at[1] != hand[t * GW_N_GATES + 1])))
            wrong++;
        auto found = expected.find(iso(gw_bar_close_ns(&market, t)));
        if (found == expected.end()) continue;
        compared++;
        if (at[0] != found->second.first || at[1] != found->second.second) wrong++;
    }
    std::cout << compared << " bars compared with scores.csv, " << wrong << " differ\n";
    if (compared < 100) throw std::runtime_error("too few bars compared");

    // A range in the middle says the same as the whole.
    std::size_t begin = market.n / 2, end = begin + 50;
    std::vector<float> part((end - begin) * GW_N_GATES);
    fine(gw_scorer_score(scorer.get(), &market, begin, end, part.data()));
    for (std::size_t i = 0; i < part.size(); i++)
        if (part[i] != p[begin * GW_N_GATES + i]) wrong++;
    if (gw_scorer_score(scorer.get(), &market, 0, market.n + 1, p.data()) != GW_ERR_USAGE) wrong++;
    return wrong != 0;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 5) {
        std::cerr << "usage: score_model BARS.csv MODEL.safetensors SCORES.csv STRATEGY,SEED,FOLD\n";
        return 2;
    }
    try {
        return compare(argv);
    } catch (const std::exception &error) {
        std::cerr << "score_model: " << error.what() << '\n';
        return 1;
    }
}
