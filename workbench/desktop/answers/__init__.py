"""The dock of answers: what the model wrote for each edited fact, before and after."""

from workbench.desktop.answers.panel import AnswersPanel as AnswersPanel
