/* Made by make_mlp_reference.py with PyTorch 2.7.1 and
   safetensors 0.8.0: do not edit. */
#ifndef REFERENCE_MLP_FILES_H
#define REFERENCE_MLP_FILES_H

#include <stddef.h>
#include <stdint.h>

/* Files that save_file wrote of models, and what the models predict. */
typedef struct mlp_file {
    const char *file;
    size_t sizes[18];
    const char *activations;
    int has_biases, says_activations, are_floats;
    const float *X, *expected; /* MLP_FILE_ROWS samples */
} mlp_file;

enum { MLP_FILE_ROWS = 4 };

static const float mlp_sequential_X[] = {
    -1.00553071f, -0.210606307f, -0.00754752755f, 1.67342722f, 0.0103428308f, 0.983709395f,
    0.87928617f, -1.45038652f, -0.831255257f, -0.461022019f, -0.560082436f, 0.395576179f,
    -0.982277095f, 1.32639408f, 0.854721785f, -0.280523986f,
};
static const float mlp_sequential_outputs[] = {
    -0.245915622f, 0.563771486f, 0.23811014f, -0.328766823f, 0.0927889869f, -0.120895624f,
    -0.114257686f, 0.0646861047f, 0.0852086991f, -0.406421095f, 0.453352362f, 0.103564858f,
};
static const float mlp_silent_X[] = {
    0.55137074f, -1.54737091f, 0.757480204f, -0.406760871f, -0.127732337f, 0.280365825f,
    0.0374568999f, -0.637839317f, -0.706369102f, 2.55708623f, 0.770531893f, -1.07390964f,
    -0.201511234f, -0.560260415f, 0.681709528f, -0.51700455f,
};
static const float mlp_silent_outputs[] = {
    0.235371917f, 0.508746147f, 0.097178936f, -0.228854835f, 0.352903306f, 0.0285452604f,
    -0.653462052f, 0.686400115f, -0.201872289f, 0.0248729959f, 0.506624103f, 0.0662415028f,
};
static const float mlp_format_only_X[] = {
    -0.962400913f, -0.207569808f, -1.38890803f, 0.0126910107f, -1.87344861f, 1.79974282f,
    0.282385617f, 0.215132028f, 0.271739751f, -0.808699667f, 0.126722619f, 0.570676506f,
    -0.134791642f, 0.343716472f, 0.371800512f, 0.37527591f,
};
static const float mlp_format_only_outputs[] = {
    -0.144761026f, -0.112375081f, 0.105096191f, 0.13756901f, -0.357771039f, -0.170921981f,
    -0.0458380654f, -0.183565944f, 0.543264866f, -0.0575765707f, -0.192978591f, 0.356746376f,
};
static const float mlp_fc_X[] = {
    1.07382202f, -0.359242588f, -1.30817902f, 0.0946244448f, 1.14561033f, -0.0378131159f,
    0.932071626f, 0.52945888f, -1.5294863f, 0.222766444f, -1.4066031f, -0.226759389f,
};
static const float mlp_fc_outputs[] = {
    0.42964378f, 0.57035625f, 0.418570548f, 0.581429482f, 0.420437366f, 0.579562604f, 0.457271397f,
    0.542728543f,
};
static const float mlp_square_X[] = {
    -0.577495039f, 0.324066848f, 0.63187027f, 0.152205408f, -1.29617405f, 0.909287751f,
    0.750435174f, -1.11205435f, -1.37560916f, -0.0194554012f, 1.26334143f, -0.258815438f,
};
static const float mlp_square_outputs[] = {
    0.263442397f, 0.227284312f, 0.509273291f, 0.282746017f, 0.220721334f, 0.496532619f,
    0.303834558f, 0.21739307f, 0.478772432f, 0.257093787f, 0.235167399f, 0.507738769f,
};
static const float mlp_twelve_X[] = {
    0.469579726f, -1.21955407f, 0.598908484f, 1.79972947f, 1.07637453f, 1.08414543f, -0.157518312f,
    0.995318592f,
};
static const float mlp_twelve_outputs[] = {
    -0.402056366f, 0.601867914f, -0.402056366f, 0.601867914f, -0.402056366f, 0.601867914f,
    -0.402056366f, 0.601867914f,
};
static const float mlp_gaps_X[] = {
    1.73360217f, 0.461641759f, 0.860713065f, 0.399445921f, -0.265114635f, 0.000919999788f,
    -0.564531088f, -1.42454422f, -0.256161332f, 1.23833096f, 0.549595058f, 0.340925813f,
};
static const float mlp_gaps_outputs[] = {
    0.624890506f, 0.175590962f, 0.199518546f, 0.607613742f, 0.186709762f, 0.205676466f, 0.62558341f,
    0.176349908f, 0.198066697f, 0.602237284f, 0.189499721f, 0.208262905f,
};
static const float mlp_wrapped_X[] = {
    -1.18238509f, -1.08627152f, 1.55318296f, 0.321507186f, 0.936465561f, -0.351448238f, 0.4755449f,
    0.127050057f, 1.18788648f, 0.896784425f, 1.12545788f, -0.630285084f,
};
static const float mlp_wrapped_outputs[] = {
    0.361038923f, 0.442197829f, 0.383022785f, 0.438814223f, 0.430241168f, 0.469070166f,
    0.394507915f, 0.434481621f,
};
static const float mlp_alone_X[] = {
    0.924749851f, 0.293848813f, 3.03014135f, 0.487916887f, 1.60320663f, -1.81608248f, 0.873484612f,
    -1.04972327f, 0.834068f, 1.57497561f, -0.561909437f, -1.8470149f, -0.173699856f, 1.53783691f,
    -1.17024183f, 0.778300643f, -0.263983577f, -1.24486065f, 1.1790427f, -0.208987862f,
};
static const float mlp_alone_outputs[] = {
    0.83006233f, 0.673909545f, 0.767029047f, 0.536196709f, 0.714709401f, 0.456924319f, 0.519751251f,
    0.472303569f,
};
static const float mlp_no_bias_X[] = {
    1.11045444f, 0.658589303f, -0.184467107f, -0.697821617f, 0.546739101f, -1.09190476f,
    -0.200589672f, -0.345717162f, -0.373358667f, 0.714399934f, 1.92893767f, 0.431723356f,
    0.505389512f, -0.701179743f, -1.46196175f, 1.02866268f, 0.775922537f, -1.81300271f,
    -0.315794498f, -0.461776346f, 0.460724413f, 0.535818934f, 1.00576222f, -0.51035285f,
};
static const float mlp_no_bias_outputs[] = {
    -0.288273335f, -0.250577509f, 0.242206633f, -0.35071063f, -0.0613625944f, -0.318196625f,
    -0.0265320484f, -0.138783306f,
};
static const float mlp_no_bias_silent_X[] = {
    0.11981529f, 0.6613006f, 1.79960322f, -1.47264695f, -1.45291388f, 0.256320059f, -0.75283742f,
    -0.457078129f, 0.292179704f, 0.575048745f, 0.477588117f, 0.679711759f, -0.527992547f,
    1.06990147f, -1.07134211f, -0.482722372f, 0.685431838f, 0.258079052f, 0.581965923f,
    -0.380889803f, -1.23633361f, 0.156733662f, 0.619606197f, -0.124355763f,
};
static const float mlp_no_bias_silent_outputs[] = {
    -0.227512687f, 0.00534009933f, -0.0171828289f, 0.025738107f, 0.177880317f, 0.132721394f,
    0.248384893f, 0.215136543f,
};
static const float mlp_lab_said_X[] = {
    -0.0451040491f, 0.334813416f, 0.430918217f, -2.30798817f, 1.23762882f, 1.2595011f, 0.307163566f,
    0.347881168f, 2.50801444f, 0.0688399896f, -1.05191934f, -2.20699978f,
};
static const float mlp_lab_said_outputs[] = {
    0.364986241f, 0.98888123f, 0.99997282f, -0.261573315f,
};
static const float mlp_every_X[] = {
    2.58096743f, 0.848838508f, -0.160054892f, 1.23986173f, 0.0905126259f, 0.212525055f,
    -0.653520644f, -0.506260276f, 1.4769268f, -1.45509684f, 0.18386969f, 1.56893277f,
};
static const float mlp_every_outputs[] = {
    0.345564187f, 0.309469014f, 0.344966769f, 0.345871091f, 0.309480906f, 0.344647974f, 0.34660995f,
    0.309512347f, 0.343877763f, 0.34652704f, 0.309507221f, 0.343965769f,
};
static const float mlp_sixteen_X[] = {
    1.34929061f, 0.176982492f, -3.17858076f, -0.571777105f, 0.126467943f, -1.25621128f,
    0.845837533f, -0.978623629f, -1.10696638f, -0.844661474f, -0.646095276f, 0.775247037f,
};
static const float mlp_sixteen_outputs[] = {
    0.309298813f, 0.225656375f, -0.291560054f, 0.309299588f, 0.22565721f, -0.291560262f,
    0.309299648f, 0.225657254f, -0.291560262f, 0.309299558f, 0.225657165f, -0.291560233f,
};
static const float mlp_float16_X[] = {
    1.82707369f, 1.72183394f, 1.88828516f, -0.936624467f, -0.671277404f, 0.423640758f, 0.171375483f,
    -1.14852738f, -0.20669885f, -0.162013829f, -1.82580352f, -0.30091694f, -0.0458517186f,
    -0.758583546f, -0.564732373f, 0.37013182f,
};
static const float mlp_float16_outputs[] = {
    0.0196599066f, 0.176537544f, 0.506214738f, 0.221887022f, 0.232132509f, 0.0799955428f,
    0.158635587f, 0.372671634f, -0.126963466f, 0.232744694f, 0.217459708f, 0.00198036432f,
};
static const float mlp_bfloat16_X[] = {
    0.817073226f, -0.677494586f, 1.78571773f, -1.56986487f, -1.02711296f, 0.195439383f,
    0.938225508f, 1.51217222f, 0.424207211f, 0.967613459f, 0.202845827f, -0.765072763f,
    0.400268048f, -0.921915472f, -0.686760187f, 0.740609527f,
};
static const float mlp_bfloat16_outputs[] = {
    -0.117309578f, 0.216719359f, -0.213398844f, -0.0948603749f, 0.246659279f, -0.105249874f,
    0.0442772061f, 0.171247512f, -0.0936443061f, -0.0268621594f, 0.7216084f, -0.438044995f,
};
static const float mlp_float64_X[] = {
    -0.221309915f, -0.450603873f, 0.89478761f, 0.470606416f, 0.709251821f, 0.628374517f,
    1.70276511f, 1.09818983f, -0.783499718f, -0.54831183f, 0.795281887f, 1.37445831f, 0.74781096f,
    -1.16776299f, 0.669421256f, 1.12205315f,
};
static const float mlp_float64_outputs[] = {
    -0.124959305f, 0.200996637f, -0.144474164f, -0.115080856f, 0.0533057228f, 0.0461640656f,
    -0.1644793f, 0.400575459f, -0.334672451f, -0.15123713f, 0.215408921f, -0.166693315f,
};
static const float mlp_mixed_X[] = {
    -0.13736932f, -0.0134511106f, -0.647396505f, 0.416149169f, -0.0127149075f, -0.916949213f,
    -0.190421402f, -0.165995434f, -1.31192982f, 1.569345f, 1.86971319f, -0.958425581f,
    -0.0158378594f, -0.803688526f, -1.09588051f, -1.50321913f,
};
static const float mlp_mixed_outputs[] = {
    0.166352332f, -0.0607697964f, 0.434070587f, -0.0193425342f, -0.272548676f, 0.335096717f,
    0.390844554f, 0.139760882f, 0.483492434f, 0.225729972f, -0.192824736f, 0.113348365f,
};
static const float mlp_lab_half_X[] = {
    0.169204742f, -0.447901934f, -1.32615554f, -0.187957078f, -1.80784595f, 0.744801283f,
    0.521934032f, -0.348507017f, 0.877045333f, 0.19031553f, 1.18914235f, -0.369977117f,
};
static const float mlp_lab_half_outputs[] = {
    -2.84732628f, -0.525377989f, 0.627517223f, -0.581149101f, 1.52992189f, 0.341547281f,
    -0.290082335f, 0.50292182f,
};
static const float mlp_words_X[] = {
    -0.321490318f, -0.300519437f, -0.813209295f, 1.18054366f, 0.487611502f, -1.41490984f,
    -1.15947104f, -0.0827169567f, -0.585473359f, 1.60233164f, 0.910994828f, -0.444797009f,
    0.0993829593f, 0.954019606f, -2.45716286f, -0.570596635f,
};
static const float mlp_words_outputs[] = {
    0.109355062f, -0.153640389f, -0.0930092409f, 0.109969549f, -0.157504752f, -0.10163077f,
    0.0416056216f, -0.0935833752f, 0.271759331f, 0.109416217f, -0.171095401f, -0.248307705f,
};
static const float mlp_groups_X[] = {
    0.734173834f, -0.0121734329f, 1.01472223f, 0.0899868906f, 1.10427928f, 0.283366948f,
    0.409918994f, 1.04633915f, 0.432957172f, 0.717565298f, 0.89830941f, -0.289173067f,
    -0.672119677f, 0.570789754f, -0.939483643f, -2.21345973f,
};
static const float mlp_groups_outputs[] = {
    0.0654984266f, -0.162492245f, 0.0870809108f, 0.0612398386f, -0.22134617f, -0.0113846958f,
    0.0685960799f, -0.130179003f, 0.15222761f, 0.0516160578f, -0.0888507962f, 0.193119437f,
};
static const float mlp_encoder_decoder_X[] = {
    0.880774856f, -1.40674424f, 2.32929492f, 0.172425568f, 1.54081762f, -1.58562207f, -0.801468372f,
    0.912382543f, 2.70866108f, -0.43913424f, 0.329062939f, 0.547700763f, 0.713140249f, 0.663754761f,
    -0.265779912f, 0.645530343f,
};
static const float mlp_encoder_decoder_outputs[] = {
    -0.790505409f, 0.25330779f, -0.463104099f, 0.740445375f, -0.797763824f, -0.0342512429f,
    -0.968824089f, 0.504692614f, -0.786692917f, -0.0975502133f, -1.03385413f, 0.418348074f,
    -0.79481107f, 0.170498952f, -0.616832256f, 0.678579569f,
};
static const float mlp_shared_X[] = {
    -0.0651231259f, -0.462022394f, -0.486077994f, -1.5689379f, 0.0667550191f, 0.453104138f,
    0.78223598f, 0.0886082947f, -1.14714003f, -1.58273256f, 0.981856167f, 0.921047866f,
};
static const float mlp_shared_outputs[] = {
    0.632999837f, 0.250308007f, 0.578709364f, 0.23285988f, 0.637333632f, 0.251787812f, 0.587606192f,
    0.220200777f,
};
static const float mlp_ignored_X[] = {
    -0.556973338f, -0.116293766f, -0.642750204f, 0.755844593f, -1.74336195f, 0.418475151f,
    -1.07056665f, -0.101105176f, 0.471645921f, 1.22960603f, -0.00340408785f, 1.08283651f,
    -1.78739572f, 0.0749567375f, -0.88122946f, 0.269133031f,
};
static const float mlp_ignored_outputs[] = {
    0.0298205465f, 0.251738995f, 0.0294844955f, 0.401042104f, -0.125160113f, 0.119913816f,
    0.0839846581f, 0.294065297f,
};

static const mlp_file mlp_files[] = {
    {"mlp_sequential.safetensors", {4, 8, 3}, "relu identity",
     1, 1, 1, mlp_sequential_X, mlp_sequential_outputs},
    {"mlp_silent.safetensors", {4, 8, 3}, "relu identity",
     1, 0, 1, mlp_silent_X, mlp_silent_outputs},
    {"mlp_format_only.safetensors", {4, 8, 3}, "relu identity",
     1, 0, 1, mlp_format_only_X, mlp_format_only_outputs},
    {"mlp_fc.safetensors", {3, 5, 4, 2}, "tanh elu softmax",
     1, 1, 1, mlp_fc_X, mlp_fc_outputs},
    {"mlp_square.safetensors", {3, 3, 3, 3}, "tanh elu softmax",
     1, 1, 1, mlp_square_X, mlp_square_outputs},
    {"mlp_twelve.safetensors", {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, "relu relu relu relu relu relu relu relu relu relu relu identity",
     1, 1, 1, mlp_twelve_X, mlp_twelve_outputs},
    {"mlp_gaps.safetensors", {3, 3, 3, 3}, "tanh elu softmax",
     1, 1, 1, mlp_gaps_X, mlp_gaps_outputs},
    {"mlp_wrapped.safetensors", {3, 4, 2}, "silu sigmoid",
     1, 1, 1, mlp_wrapped_X, mlp_wrapped_outputs},
    {"mlp_alone.safetensors", {5, 2}, "sigmoid",
     1, 1, 1, mlp_alone_X, mlp_alone_outputs},
    {"mlp_no_bias.safetensors", {6, 5, 2}, "gelu identity",
     0, 1, 1, mlp_no_bias_X, mlp_no_bias_outputs},
    {"mlp_no_bias_silent.safetensors", {6, 5, 2}, "gelu identity",
     0, 0, 1, mlp_no_bias_silent_X, mlp_no_bias_silent_outputs},
    {"mlp_lab_said.safetensors", {3, 4, 1}, "leaky_relu tanh",
     0, 1, 1, mlp_lab_said_X, mlp_lab_said_outputs},
    {"mlp_every.safetensors", {3, 4, 5, 6, 5, 4, 3, 4, 5, 3}, "sigmoid tanh relu leaky_relu elu silu gelu identity softmax",
     1, 1, 1, mlp_every_X, mlp_every_outputs},
    {"mlp_sixteen.safetensors", {3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3}, "tanh tanh tanh tanh tanh tanh tanh tanh tanh tanh tanh tanh tanh tanh tanh tanh",
     1, 1, 1, mlp_sixteen_X, mlp_sixteen_outputs},
    {"mlp_float16.safetensors", {4, 8, 3}, "relu identity",
     1, 1, 0, mlp_float16_X, mlp_float16_outputs},
    {"mlp_bfloat16.safetensors", {4, 8, 3}, "relu identity",
     1, 1, 0, mlp_bfloat16_X, mlp_bfloat16_outputs},
    {"mlp_float64.safetensors", {4, 8, 3}, "relu identity",
     1, 1, 0, mlp_float64_X, mlp_float64_outputs},
    {"mlp_mixed.safetensors", {4, 8, 3}, "relu identity",
     1, 1, 0, mlp_mixed_X, mlp_mixed_outputs},
    {"mlp_lab_half.safetensors", {3, 5, 2}, "tanh identity",
     0, 1, 0, mlp_lab_half_X, mlp_lab_half_outputs},
    {"mlp_words.safetensors", {4, 8, 6, 3}, "relu tanh identity",
     1, 1, 1, mlp_words_X, mlp_words_outputs},
    {"mlp_groups.safetensors", {4, 8, 6, 3}, "relu tanh identity",
     1, 1, 1, mlp_groups_X, mlp_groups_outputs},
    {"mlp_encoder_decoder.safetensors", {4, 2, 4}, "tanh identity",
     1, 1, 1, mlp_encoder_decoder_X, mlp_encoder_decoder_outputs},
    {"mlp_shared.safetensors", {3, 4, 4, 4, 2}, "relu tanh elu identity",
     1, 1, 1, mlp_shared_X, mlp_shared_outputs},
    {"mlp_ignored.safetensors", {4, 6, 2}, "relu identity",
     1, 1, 1, mlp_ignored_X, mlp_ignored_outputs},
};

/* Well-formed files that are a mismatch for every network. */
static const char *const mlp_mismatches[] = {
    "mlp_batch_norm.safetensors",
    "mlp_layer_norm.safetensors",
    "mlp_convolution.safetensors",
    "mlp_recurrent.safetensors",
    "mlp_one_bias.safetensors",
    "mlp_square_words.safetensors",
    "mlp_autoencoder.safetensors",
    "mlp_int.safetensors",
    "mlp_missing_layer.safetensors",
    "mlp_both.safetensors",
    "mlp_unknown.safetensors",
    "mlp_too_few.safetensors",
    "mlp_softmax_early.safetensors",
    "mlp_nothing.safetensors",
};

#endif
