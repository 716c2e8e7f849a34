"""For exported.py: networks of scikit-learn, with and without scalers."""
import functools
import warnings

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

import export

SAMPLES = np.random.default_rng(1).standard_normal((60, 4)) * [1, 10, 100, 0.1] + [0, 50, -300, 0.5]
SIGNS = (SAMPLES[:, 0] > 0).astype(int) + (SAMPLES[:, 1] > 50)     # three classes
VALUES = np.column_stack([SAMPLES[:, 0], np.sin(SAMPLES[:, 1])])


def fitted(estimator, X=SAMPLES, y=SIGNS):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")     # that it stops early
        return estimator.fit(X, y)


def classifier(**settings):
    return MLPClassifier(**{"hidden_layer_sizes": (6, 5), "max_iter": 20, "random_state": 0, **settings})


def regressor(**settings):
    return MLPRegressor(**{"hidden_layer_sizes": (6, 5), "max_iter": 20, "random_state": 0, **settings})


def exported(estimator, X=SAMPLES):
    layers = export.from_sklearn(estimator)
    rows = X[:20].astype(np.float32)
    if not hasattr(estimator, "predict_proba"):
        return layers, rows, estimator.predict(rows.astype(X.dtype))
    expected = estimator.predict_proba(rows.astype(X.dtype))
    is_binary = len(layers[-1][0]) == 1
    return layers, rows, expected[:, 1] if is_binary else expected


def refused(estimator, path):
    export.save(export.from_sklearn(estimator), path)


def estimators():
    scaled = StandardScaler().fit_transform(SAMPLES)
    for activation in ("identity", "logistic", "tanh", "relu"):
        yield f"classifier, {activation}", fitted(classifier(activation=activation), scaled), scaled
        yield f"regressor, {activation}", \
            fitted(regressor(activation=activation), scaled, VALUES), scaled
    yield "two classes", fitted(classifier(), scaled, SIGNS > 0), scaled
    yield "two classes with names", \
        fitted(classifier(), scaled, np.where(SIGNS > 0, "yes", "no")), scaled
    yield "several labels", fitted(classifier(), scaled, VALUES > 0), scaled
    yield "one value", fitted(regressor(), scaled, VALUES[:, 0]), scaled
    yield "no hidden layer", fitted(classifier(hidden_layer_sizes=()), scaled), scaled
    yield "float32", fitted(classifier(), scaled.astype(np.float32)), scaled.astype(np.float32)
    for scaler in (StandardScaler(), StandardScaler(with_mean=False), StandardScaler(with_std=False),
                   StandardScaler(with_mean=False, with_std=False), MinMaxScaler(), MinMaxScaler((-1, 1)),
                   "passthrough"):
        does_little = scaler == "passthrough" or not getattr(scaler, "with_std", True)
        X = scaled + 0.5 if does_little else SAMPLES
        yield f"{scaler}", fitted(make_pipeline(scaler, classifier()), X), X
        yield f"{scaler}, two classes", fitted(make_pipeline(scaler, classifier()), X, SIGNS > 0), X
    yield "two scalers", \
        fitted(make_pipeline(StandardScaler(), MinMaxScaler(), regressor()), y=VALUES), SAMPLES
    constant = SAMPLES.copy()
    constant[:, 2] = 7
    yield "a constant input", \
        fitted(make_pipeline(StandardScaler(), classifier()), constant), constant
    yield "of a search", \
        fitted(GridSearchCV(classifier(), {"alpha": [1e-4]}, cv=2), scaled).best_estimator_, scaled


def refused_estimators():
    yield "Poisson", fitted(regressor(loss="poisson"), y=np.abs(VALUES[:, 0])), '"exp" is none of'
    yield "PCA", fitted(make_pipeline(PCA(2), classifier())), "PCA.*no StandardScaler"
    for part in (PCA(2), SelectKBest(k=2), MinMaxScaler(clip=True)):
        before = fitted(make_pipeline(StandardScaler(), part, classifier()))
        yield f"{part} behind a scaler", before, rf"^{type(part).__name__}\(.*no StandardScaler"
    yield "MaxAbsScaler", \
        fitted(make_pipeline(MaxAbsScaler(), classifier())), "MaxAbsScaler.*no StandardScaler"
    yield "clip", \
        fitted(make_pipeline(MinMaxScaler(clip=True), classifier())), "MinMaxScaler.*without clip"
    yield "no network", fitted(make_pipeline(StandardScaler(), PCA(2))), "PCA: it is no MLP"
    yield "a scaled target", \
        fitted(TransformedTargetRegressor(regressor(), transformer=StandardScaler()), y=VALUES), \
        "TransformedTargetRegressor: it is no MLP.*regressor_"
    yield "a search", fitted(GridSearchCV(classifier(), {"alpha": [1e-4]}, cv=2)), "best_estimator_"
    yield "never fitted", classifier(), "not fitted"
    yield "a scaler that was never fitted", \
        Pipeline([("scale", StandardScaler()), ("net", classifier())]), "not fitted"
    yield "a changed network", changed(fitted(classifier())), "something else"


class Changed(MLPClassifier):
    def predict_proba(self, X):
        return super().predict_proba(X) ** 2


def changed(network):
    network.__class__ = Changed
    return network


def check_precision(path):
    """Means of many deviations cost digits: a warning says so."""
    far = SAMPLES * 0.001 + 1
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        export.from_sklearn(fitted(make_pipeline(StandardScaler(), classifier()), far))
    assert any("errors of about" in str(warning.message) for warning in caught), "no warning"
    raise export.ExportError("warned")


def cases():
    for name, *arguments in estimators():
        yield name, functools.partial(exported, *arguments), None
    for name, estimator, pattern in refused_estimators():
        yield name, functools.partial(refused, estimator), pattern
    yield "precision", check_precision, "warned"
