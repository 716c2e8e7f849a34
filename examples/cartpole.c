/* cartpole.c - reinforcement learning: learns to balance a pole on a cart by trying.

       cc -O2 -o cartpole examples/cartpole.c -lm
       ./cartpole                      learns, tests, shows an episode
       ./cartpole --plot cartpole.svg  and draws how it went
       ./cartpole --seed 1 --episodes 200    another seed; gives up after 200 (a multiple of 10)

   The cart and pole of Barto, Sutton and Anderson (1983): a pole stands on a cart, and every 20 ms
   the cart is pushed to the left or to the right. An episode ends when the pole leans by more than
   12 degrees, when the cart is more than 2.4 m from the middle, or after 500 steps. Nobody tells
   the network, a 4-16-2 with softmax, which push is right: it learns from its own falls alone. It
   has learned the task when 100 episodes in a row have lasted 500 steps.

   The algorithm is REINFORCE (Williams, 1992). The policy plays ten episodes, drawing each action
   with the probability that the network gives it. Then each action becomes more likely if what came
   after it was better than the average, and less likely if it was worse. */
#define PROGRAM "cartpole"
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"
#include "require.h"
#include "svg_plot.h"

#include <ctype.h>
#include <time.h>

enum {
    INPUTS = 4, HIDDEN = 16, ACTIONS = 2, STEPS = 500, IN_A_ROW = 100,
    BATCH = 10, ROWS = BATCH * STEPS, MAX_EPISODES = 3000, SHOWN_EVERY = 50
};

/* The discount: a fall counts -1, and 1 % less for each step that lies between it and an action. */
static const float LEARNING_RATE = 0.02f, DISCOUNT = 0.99f;

/* ---- the cart and pole ------------------------------------------------------------------- */

static const float MAX_POSITION = 2.4f, MAX_ANGLE = 0.20943951f; /* in m; 12 degrees */

typedef struct cart_pole {
    float position, velocity, angle, angular_velocity; /* in m and radians, and both per second */
} cart_pole;

/* Uniform from 0 to 1: the normal distribution function of a normal number. */
static float draw_uniform(ffnn_rng *rng) {
    float normal;
    require(ffnn_randn(ffnn_view(&normal, 1, 1), rng), "random number");
    return (float)(0.5 * erfc(-(double)normal / sqrt(2)));
}

/* Near the middle, nearly upright, nearly at rest: all four from -0.05 to 0.05. */
static cart_pole start(ffnn_rng *rng) {
    cart_pole c;
    c.position = 0.1f * draw_uniform(rng) - 0.05f;
    c.velocity = 0.1f * draw_uniform(rng) - 0.05f;
    c.angle = 0.1f * draw_uniform(rng) - 0.05f;
    c.angular_velocity = 0.1f * draw_uniform(rng) - 0.05f;
    return c;
}

/* One step of Euler's method; action 0 pushes to the left, 1 to the right. */
static void push(cart_pole *c, int action) {
    const float GRAVITY = 9.8f, FORCE = 10, TIME_STEP = 0.02f;
    const float POLE_MASS = 0.1f, TOTAL_MASS = 1.1f, HALF_LENGTH = 0.5f; /* of the pole */
    float sine = sinf(c->angle), cosine = cosf(c->angle);
    float centrifugal = POLE_MASS * HALF_LENGTH * c->angular_velocity * c->angular_velocity * sine;
    float thrust = ((action == 1 ? FORCE : -FORCE) + centrifugal) / TOTAL_MASS;
    float angular_acceleration =
        (GRAVITY * sine - cosine * thrust) /
        (HALF_LENGTH * (4.0f / 3 - POLE_MASS * cosine * cosine / TOTAL_MASS));
    float acceleration =
        thrust - POLE_MASS * HALF_LENGTH * angular_acceleration * cosine / TOTAL_MASS;
    c->position += TIME_STEP * c->velocity;
    c->velocity += TIME_STEP * acceleration;
    c->angle += TIME_STEP * c->angular_velocity;
    c->angular_velocity += TIME_STEP * angular_acceleration;
}

static bool has_fallen(const cart_pole *c) {
    return fabsf(c->position) > MAX_POSITION || fabsf(c->angle) > MAX_ANGLE;
}

/* ---- an episode -------------------------------------------------------------------------- */

typedef struct episode {
    size_t steps;
    float observations[STEPS][INPUTS]; /* what the network saw before each step */
    int actions[STEPS];                /* what it did then */
} episode;

/* The state as inputs of the network, each from about -1 to 1: with angles in radians it learns
   more slowly. */
static void observe(const cart_pole *c, float inputs[INPUTS]) {
    inputs[0] = c->position / MAX_POSITION;
    inputs[1] = c->velocity / 2;
    inputs[2] = c->angle / MAX_ANGLE;
    inputs[3] = c->angular_velocity / 2;
}

/* Draws an action if it is to explore, else takes the more probable one. */
static int choose(const ffnn_net *policy, float inputs[INPUTS], bool explore, ffnn_rng *rng) {
    float probabilities[ACTIONS];
    ffnn_tensor output = ffnn_view(probabilities, 1, ACTIONS);
    require(ffnn_predict(policy, ffnn_view(inputs, 1, INPUTS), output), "action");
    float threshold = 0.5f;
    if (explore) threshold = draw_uniform(rng);
    return probabilities[1] > threshold;
}

static void play(episode *e, const ffnn_net *policy, bool explore, ffnn_rng *rng) {
    cart_pole c = start(rng);
    e->steps = 0;
    while (e->steps < STEPS && !has_fallen(&c)) {
        float *inputs = e->observations[e->steps];
        observe(&c, inputs);
        int action = choose(policy, inputs, explore, rng);
        e->actions[e->steps] = action;
        push(&c, action);
        ++e->steps;
    }
}

/* ---- learning ---------------------------------------------------------------------------- */

typedef struct batch {
    size_t rows; /* one for each step of its episodes */
    float observations[ROWS][INPUTS];
    float targets[ROWS][ACTIONS]; /* 1 for the action that was taken, 0 for the other */
    float returns[ROWS];          /* what came after it */
} batch;

static void add_episode(batch *b, const episode *e) {
    bool fell = e->steps < STEPS;
    for (size_t step = 0; step < e->steps; ++step) {
        int action = e->actions[step];
        float steps_between = (float)(e->steps - 1 - step);
        memcpy(b->observations[b->rows], e->observations[step], sizeof e->observations[step]);
        b->targets[b->rows][action] = 1;
        b->targets[b->rows][1 - action] = 0;
        b->returns[b->rows] = fell ? -powf(DISCOUNT, steps_between) : 0;
        ++b->rows;
    }
}

/* The targets of softmax may be any numbers. Cross-entropy is then -advantage * log(probability of
   the action), averaged over the rows; the step down it is the policy gradient. An advantage says
   by how many standard deviations an action turned out better than the batch's average. */
static void learn(ffnn_net *policy, batch *b) {
    ffnn_tensor X = ffnn_view(b->observations[0], b->rows, INPUTS);
    ffnn_tensor y = ffnn_view(b->targets[0], b->rows, ACTIONS);
    double sum = 0;
    for (size_t row = 0; row < b->rows; ++row) sum += (double)b->returns[row];
    float mean = (float)(sum / (double)b->rows), variance = 0;
    require(ffnn_mse(ffnn_view(b->returns, b->rows, 1), ffnn_view(&mean, 1, 1), &variance),
            "variance");
    if (variance == 0) return; /* no episode ended in a fall: there is nothing to learn */
    for (size_t row = 0; row < b->rows; ++row) {
        float advantage = (b->returns[row] - mean) / sqrtf(variance);
        for (int action = 0; action < ACTIONS; ++action) b->targets[row][action] *= advantage;
    }
    require(ffnn_train(policy, X, y, LEARNING_RATE, NULL), "training");
}

static void make_policy(ffnn_net *policy, ffnn_rng *rng) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.sizes[0] = INPUTS;
    desc.sizes[1] = HIDDEN;
    desc.sizes[2] = ACTIONS;
    desc.activations[0] = FFNN_TANH;
    desc.activations[1] = FFNN_SOFTMAX;
    desc.biases = true;
    desc.optimizer = FFNN_ADAM;
    desc.rng = rng;
    require(ffnn_init(policy, &desc), "network");
}

typedef struct history {
    size_t episodes;                /* played so far */
    size_t in_a_row;                /* the last ones, which all lasted 500 steps */
    float steps[MAX_EPISODES];      /* how long each was */
    float batch_mean[MAX_EPISODES]; /* and those of its batch on average */
} history;

/* Returns how many steps the episodes lasted on average. */
static float play_batch(batch *b, const ffnn_net *policy, history *h, ffnn_rng *rng) {
    static episode e;
    b->rows = 0;
    for (size_t i = 0; i < BATCH; ++i) {
        play(&e, policy, true, rng);
        add_episode(b, &e);
        h->steps[h->episodes + i] = (float)e.steps;
        h->in_a_row = e.steps == STEPS ? h->in_a_row + 1 : 0;
    }
    float mean = (float)b->rows / (float)BATCH;
    for (size_t i = 0; i < BATCH; ++i) h->batch_mean[h->episodes + i] = mean;
    h->episodes += BATCH;
    return mean;
}

/* Until 100 episodes in a row have lasted 500 steps, or there have been max_episodes. */
static void train(ffnn_net *policy, size_t max_episodes, history *h, ffnn_rng *rng) {
    static batch b;
    while (h->in_a_row < IN_A_ROW && h->episodes < max_episodes) {
        float mean = play_batch(&b, policy, h, rng);
        learn(policy, &b);
        if (h->episodes == BATCH || h->episodes % SHOWN_EVERY == 0)
            printf("%4zu episodes: the last %d lasted %5.1f steps on average\n", h->episodes, BATCH,
                   (double)mean);
    }
}

/* ---- what it has learned ----------------------------------------------------------------- */

/* Without exploring, from 100 new starts; e gets the last episode. */
static void test(const ffnn_net *policy, episode *e, ffnn_rng *rng) {
    int balanced = 0;
    for (int i = 0; i < IN_A_ROW; ++i) {
        play(e, policy, false, rng);
        balanced += e->steps == STEPS;
    }
    printf("Test: it balances the pole for %d steps in %d of %d episodes\n", STEPS,
           balanced, IN_A_ROW);
}

/* A line every 50 steps: where the cart is, from 1 m on the left to 1 m on the right, and which way
   the pole leans. */
static void show_episode(const episode *e) {
    const float middle = 20; /* of the track */
    const float upright = 0.5f; /* degrees that are drawn as none */
    printf("\nOne of them:\n");
    for (size_t step = 0; step < e->steps; step += SHOWN_EVERY) {
        float position = e->observations[step][0] * MAX_POSITION;
        float degrees = e->observations[step][2] * 12;
        char track[] = "--------------------+--------------------";
        char pole = '|';
        if (degrees < -upright) pole = '\\';
        if (degrees > upright) pole = '/';
        float column = fminf(fmaxf(middle * position, -middle), middle);
        track[lroundf(middle + column)] = pole;
        printf("step %3zu  %s  %+.2f m, %+.1f degrees\n", step, track, (double)position,
               (double)degrees);
    }
}

static void draw(const char *path, const history *h) {
    svg_curve curves[2] = {{"each episode", h->steps, h->episodes, 0, SVG_PLOT_POINTS},
                           {"mean of ten", h->batch_mean, h->episodes, 1, 0}};
    svg_panel panel = {"Cart and pole", "episode", "steps", false, curves, 2};
    FILE *out = fopen(path, "w");
    if (out == NULL || !svg_plot(out, &panel, 1) || fclose(out) != 0) fail(path, strerror(errno));
    printf("Drawn in %s\n", path);
}

/* ---- the command line -------------------------------------------------------------------- */

static void usage(void) {
    fprintf(stderr, "usage: cartpole [--seed N] [--episodes N] [--plot FILE.svg]\n");
    exit(2);
}

static unsigned long parse_number(const char *text, unsigned long most) {
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value > most) usage();
    return value;
}

int main(int argc, char **argv) {
    unsigned long seed = 0, max_episodes = MAX_EPISODES;
    const char *plot = NULL;
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (value == NULL) usage();
        if (strcmp(name, "--seed") == 0) seed = parse_number(value, 0xffffffff);
        else if (strcmp(name, "--episodes") == 0) max_episodes = parse_number(value, MAX_EPISODES);
        else if (strcmp(name, "--plot") == 0) plot = value;
        else usage();
    }
    if (max_episodes % BATCH != 0 || max_episodes == 0) usage();
    ffnn_rng rng;
    ffnn_rng_seed(&rng, seed);

    static history h; /* all zero, as is the episode */
    static episode e;
    ffnn_net policy;
    make_policy(&policy, &rng);
    clock_t begin = clock();
    train(&policy, max_episodes, &h, &rng);
    printf("%s after %zu episodes, %.2f s\n", h.in_a_row < IN_A_ROW ? "Not learned" : "Learned",
           h.episodes, (double)(clock() - begin) / CLOCKS_PER_SEC);
    test(&policy, &e, &rng);
    show_episode(&e);
    if (plot != NULL) draw(plot, &h);
    require_output();
    ffnn_free(&policy);
    return 0;
}
