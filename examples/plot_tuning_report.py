"""
A tuning report of a search
===========================

:class:`~skdl.TuningReport` says what a search found: in short on a terminal, as a table, as Markdown for a
pull request, and as one HTML file with all pictures, which loads nothing and can be sent to anybody.
:doc:`/report` goes through it section by section.
"""

# %%
# A random search over a dense network on handwritten digits. Inside of the backend "skdl" the curves of every
# fit are kept, so that the report can show them.

import tempfile
from pathlib import Path

import joblib
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdl import MLPClassifier, TrainingCurvesDisplay, TuningReport

X, y = load_digits(return_X_y=True)
X, y = X[:600], y[:600]
network = make_pipeline(
    StandardScaler(),
    MLPClassifier(
        optimizer="adamw",
        epochs=15,
        early_stopping=True,
        patience=3,
        validation_split=0.2,
        random_state=0,
    ),
)
space = {
    "mlpclassifier__learning_rate": loguniform(1e-4, 0.3),
    "mlpclassifier__weight_decay": [0.001, 0.1],
    "mlpclassifier__dropout": [0.1, 0.3, 0.5],
}
search = RandomizedSearchCV(
    network, space, n_iter=20, cv=4, return_train_score=True, random_state=0
)
with joblib.parallel_config("skdl"):
    search.fit(X, y)

# %%
# The report computes everything once. With the data it also describes them, and compares the best candidate
# with a classifier that always says the most frequent digit.

report = TuningReport(search, X, y)
report.summary()

# %%
# The file opens in any browser, also without JavaScript; with it the table of candidates can be sorted,
# filtered and saved. `This is the one that the lines below write <../tuning_report_of_digits.html>`__.

path = report.to_html(Path(tempfile.mkdtemp()) / "tuning_report_of_digits.html")
print(
    f"{path.name}: {path.stat().st_size / 1e3:.0f} kB; open it with webbrowser.open(path.as_uri())"
)

# %%
# Its pictures are the displays, which can be drawn one by one as well.

display = TrainingCurvesDisplay.from_search(search)

# %%
# The table of all candidates is a data frame.

report.frame()[["rank", "mean_test_score", "std_test_score", "mean_epochs", "stop_reasons"]].head()
